import { Command, CommanderError, Option } from 'commander';
import { isMeshError } from '../common/errors.ts';
import { resourceJsonSchema } from '../config/json-schema.ts';
import { analyze } from './analyze.ts';
import { completionScript, SHELLS, type Shell } from './completion.ts';
import { diff } from './diff.ts';
import { explain } from './explain.ts';
import { gateway } from './gateway.ts';
import type { GatewayCommandOptions } from './gateway-settings.ts';
import { init, type InitOptions } from './init.ts';
import { routes } from './routes.ts';
import { UsageError, type ExitCode, type Terminal } from './terminal.ts';
import { validate } from './validate.ts';

const collect = (value: string, list: readonly string[] = []): string[] => [...list, value];

/**
 * Runs one command line, without the names of node and script.
 *
 * @returns 0: nothing wrong; 1: errors found; 2: misuse. Never rejects: what goes wrong inside is told, with 2.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = 0;
  const ends = <T extends readonly unknown[]>(command: (...args: T) => Promise<ExitCode>) => async (...given: T) => {
    code = await command(...given);
  };
  try {
    await program(terminal, ends).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what it has to say.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.err(error instanceof UsageError || isMeshError(error) ? `ts-mesh: ${error.message}` : `ts-mesh: ${String((error as Error).stack ?? error)}`);
    return 2;
  }
}

type Ends = <T extends readonly unknown[]>(command: (...args: T) => Promise<ExitCode>) => (...given: T) => Promise<void>;

function program(terminal: Terminal, ends: Ends): Command {
  const root = new Command('ts-mesh')
    .description("Istio's traffic management inside a Node process: verdicts on rules, and what they do to a request.")
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text.trimEnd()), writeErr: (text) => terminal.err(text.trimEnd()), getOutHasColors: () => terminal.isScreen })
    .showHelpAfterError('(ts-mesh --help shows what there is)')
    .addHelpText('after', '\nExit status: 0 without errors, 1 with, 2 for misuse.');

  root
    .command('init [files...]')
    .description('writes first rules: from a Kubernetes export (files, or - for the standard input), from services that you name, or from variables such as REVIEWS_URL')
    .option('-s, --service <name=address>', 'a service and where it is, such as reviews=127.0.0.1:9081 or reviews/v2=127.0.0.1:9082; may be repeated', collect)
    .option('-o, --out <folder>', 'where to write', 'mesh')
    .option('-n, --namespace <name>', 'the namespace of services that are named', 'default')
    .option('--force', 'overwrite files that are there')
    .addHelpText('after', examples('init --service reviews=127.0.0.1:9081 --service reviews/v2=127.0.0.1:9082', 'kubectl get services,deployments,pods -o yaml | ts-mesh init -', 'init'))
    .action(ends((files: string[], options: InitOptions) => init(files, options, terminal)));

  root
    .command('validate <files...>')
    .description("istioctl's verdict on each resource: files, folders, patterns, - for the standard input")
    .option('--apply', 'what ts-mesh itself objects to when it applies the files')
    .option('--json', 'print an array of findings')
    .option('--sarif', 'print SARIF for code scanning')
    .addHelpText('after', examples('validate mesh/', 'validate "mesh/**/*.yaml" --sarif > findings.sarif', 'kubectl get vs,dr -A -o yaml | ts-mesh validate -'))
    .action(ends((files: string[], options: object) => validate(files, options, terminal)));

  root
    .command('analyze <files...>')
    .description('what is wrong with several resources together: files, folders, patterns, - for the standard input')
    .option('--rules-only', 'Services, Pods and the like are elsewhere: compare only rules with each other')
    .option('--json', 'print an array of findings')
    .option('--sarif', 'print SARIF for code scanning')
    .addHelpText('after', examples('analyze mesh/', 'kubectl get vs,dr,se,gw,svc,pods -A -o yaml | ts-mesh analyze -'))
    .action(ends((files: string[], options: object) => analyze(files, options, terminal)));

  withRules(root.command('explain <url>').description('why a request goes where it goes: rule by rule, with file and line'))
    .option('-H, --header <name:value>', 'a request header; may be repeated', collect)
    .option('-X, --method <method>', 'the request method', 'GET')
    .option('--json', 'print the decision as data')
    .addHelpText('after', examples('explain http://reviews:9080/reviews/0 -H "end-user: jason" --config mesh/', 'explain tcp://db:5432 --config mesh/'))
    .action(ends((url: string, options: object) => explain(url, options, terminal)));

  withRules(root.command('routes').description('every route of the rules, in the order in which they are tried'))
    .option('--json', 'print them as data')
    .addHelpText('after', examples('routes --config mesh/'))
    .action(ends((options: object) => routes(options, terminal)));

  withCaller(root.command('diff <old> <new>').description('what a change of rules changes, for the routes and for given requests'))
    .option('--url <url>', 'a request to compare; may be repeated', collect)
    .option('--requests <file>', 'a file with a request on each line, such as: GET http://reviews:9080/')
    .option('-H, --header <name:value>', 'a header of these requests; may be repeated', collect)
    .option('-X, --method <method>', 'the method of --url', 'GET')
    .option('--json', 'print the differences as data')
    .addHelpText('after', examples('diff mesh/ mesh-next/ --url http://reviews:9080/'))
    .action(ends((before: string, after: string, options: object) => diff(before, after, options, terminal)));

  withConfig(root.command('gateway').description("serves what the rules' Gateways say, until SIGTERM or SIGINT; follows every change of the files"))
    .option('-l, --label <key=value>', 'a label that Gateways select it by; may be repeated (default: istio=ingressgateway)', collect)
    .option('-n, --namespace <name>', 'the namespace it runs in', 'istio-system')
    .option('--locality <region/zone/subzone>', 'where it is')
    .option('-a, --address <ip>', 'the address to listen on; 0.0.0.0: all, for callers from other machines', '127.0.0.1')
    .option('-p, --port <server=own>', "where to listen for a server's port, such as 80=8080; may be repeated", collect)
    .option('--credential <name=folder>', 'what credentialName stands for: a folder with tls.crt, tls.key, ca.crt, or CERTIFICATE,KEY[,CA]; may be repeated', collect)
    .option('--certificates <folder>', 'its own certificate for ISTIO_MUTUAL: cert-chain.pem, key.pem, root-cert.pem')
    .option('--limit <name=number>', 'what callers may ask of it, such as connections=1000; may be repeated', collect)
    .option('--access-log', "write Istio's access log to the standard output, whatever MeshConfig says")
    .option('--drain-ms <milliseconds>', 'how long requests under way may take when it is told to stop', '5000')
    .option('--check', 'tell what it would listen on, and end')
    .addHelpText('after', examples('gateway --config mesh/ --port 80=8080', 'gateway --config mesh/ --label istio=egressgateway --check', 'gateway --config mesh/ --address 0.0.0.0 --credential shop-cert=/etc/certs/shop'))
    .action(ends((options: GatewayCommandOptions) => gateway(options, terminal)));

  root
    .command('schema')
    .description('a JSON Schema of the resources, for editors')
    .addHelpText('after', examples('schema > ts-mesh.schema.json') + '\n\nYAML language server: start a file with\n  # yaml-language-server: $schema=ts-mesh.schema.json')
    .action(
      ends(async () => {
        terminal.out(JSON.stringify(resourceJsonSchema(), null, 2));
        return 0;
      }),
    );

  root
    .command('completion <shell>')
    .description(`a completion script for ${SHELLS.join(', ')}`)
    .addHelpText('after', examples('completion bash > /etc/bash_completion.d/ts-mesh'))
    .action(
      ends(async (shell: string) => {
        if (!SHELLS.includes(shell as Shell)) throw new UsageError(`there is completion for ${SHELLS.join(', ')}, not for ${shell}`);
        terminal.out(completionScript(shell as Shell, root));
        return 0;
      }),
    );
  return root;
}

function withRules(command: Command): Command {
  return withCaller(withConfig(command, 'rules: a file, folder or pattern'));
}

function withConfig(command: Command, what = 'rules: a file or folder'): Command {
  return command.addOption(new Option('-f, --config <file>', `${what}; may be repeated (default: $TS_MESH_CONFIG)`).argParser(collect));
}

function withCaller(command: Command): Command {
  return command
    .option('-n, --namespace <name>', "the caller's namespace", 'default')
    .option('-l, --label <key=value>', 'a label of the caller; may be repeated', collect)
    .option('--locality <region/zone/subzone>', 'where the caller is');
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line.startsWith('kubectl') ? '' : 'ts-mesh '}${line}`).join('\n')}`;
}
