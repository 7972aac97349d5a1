import { relative, resolve } from 'node:path';
import { isMeshError } from '../common/errors.ts';
import { formatOrigin } from '../common/origin.ts';
import type { GatewayListenerSpec } from '../config/gateways/gateway-model.ts';
import type { GatewaySpec } from '../config/istio-types.ts';
import { formatIssue } from '../config/issue.ts';
import { originOf } from '../config/resource.ts';
import { AccessLogOutput } from '../engine/access-log-output.ts';
import { Gateway, servedBy } from '../gateway/gateway.ts';
import { placeOf as placeIn } from '../gateway/gateway-listener.ts';
import type { GatewayOptions } from '../gateway/gateway-options.ts';
import { createMesh, type Mesh } from '../mesh.ts';
import { drainMsOf, gatewaySettings, type GatewayCommandOptions } from './gateway-settings.ts';
import { count, harmless } from './style.ts';
import { UsageError, type ExitCode, type Terminal } from './terminal.ts';

/** `ts-mesh gateway`: serves what the Gateways say that select it, until it is told to stop. */
export async function gateway(options: GatewayCommandOptions, terminal: Terminal): Promise<ExitCode> {
  const settings = gatewaySettings(options, terminal.cwd);
  const drainMs = drainMsOf(options);
  const checks = options.check === true;
  const output = options.accessLog === true && !checks ? new AccessLogOutput('/dev/stdout') : undefined;
  try {
    const mesh = await createMesh({ config: pathsOf(options, terminal), watch: !checks, ...(output && { accessLog: (line: string) => output.write(line) }) });
    try {
      return checks ? await check(mesh, settings, terminal) : await serve(mesh, settings, drainMs, terminal);
    } finally {
      await mesh.close({ drainMs: 0 });
      await output?.flush();
    }
  } catch (error) {
    if (!isMeshError(error)) throw error;
    terminal.err(error.message);
    return 1;
  }
}

/** Told of in issues as they look from the terminal. */
function pathsOf({ config }: GatewayCommandOptions, { cwd, env }: Terminal): { path: string; file: string }[] {
  const fromEnvironment = env['TS_MESH_CONFIG'];
  const names = config ?? (fromEnvironment === undefined ? [] : [fromEnvironment]);
  if (names.length === 0) throw new UsageError('say where the rules are: --config FILE (or the environment variable TS_MESH_CONFIG)');
  const unwatched = names.find((name) => name === '-' || /[*?[{]/.test(name));
  if (unwatched !== undefined) throw new UsageError(`a gateway watches files and folders; ${unwatched} is neither`);
  return names.map((name) => resolve(cwd, name)).map((path) => ({ path, file: relative(cwd, path) || '.' }));
}

async function check(mesh: Mesh, settings: GatewayOptions, terminal: Terminal): Promise<ExitCode> {
  const gateway = new Gateway(mesh, settings);
  try {
    for (const warning of mesh.warnings) terminal.err(harmless(formatIssue(warning)));
    for (const message of gateway.rejected) terminal.err(harmless(message));
    const missing = missingCredentials(gateway, settings);
    for (const message of missing) terminal.err(harmless(message));
    const { listeners } = servedBy(gateway);
    for (const spec of listeners) {
      const { address, port } = placeOf(spec, settings);
      terminal.out(`would listen on ${describe(spec, address, port)}`);
    }
    if (listeners.length === 0) terminal.err(nothingToServe(mesh, settings));
    return listeners.length > 0 && gateway.rejected.length + missing.length === 0 ? 0 : 1;
  } finally {
    await gateway.close({ drainMs: 0 });
  }
}

async function serve(mesh: Mesh, settings: GatewayOptions, drainMs: number, terminal: Terminal): Promise<ExitCode> {
  const err = (text: string): void => terminal.err(harmless(text));
  for (const warning of mesh.warnings) err(formatIssue(warning));
  mesh.on('config-error', ({ message }) => err(`what was edited is not in force: ${message}`));
  mesh.on('config', ({ added, updated, deleted, warnings }) => {
    const changes = [...added.map((name) => `+ ${name}`), ...updated.map((name) => `~ ${name}`), ...deleted.map((name) => `- ${name}`)];
    if (changes.length > 0) terminal.out(harmless(`other rules are in force: ${summary(changes)}`));
    for (const warning of warnings) err(formatIssue(warning));
  });
  const gateway = await Gateway.start(mesh, settings, err);
  let told: ReadonlyMap<string, string> = new Map();
  const tell = (): void => {
    const now = listening(gateway, settings);
    for (const [name, line] of told) if (!now.has(name)) terminal.out(`no longer ${line}`);
    for (const [name, line] of now) if (told.get(name) !== line) terminal.out(line);
    if (servedBy(gateway).listeners.length === 0) err(nothingToServe(mesh, settings));
    for (const message of missingCredentials(gateway, settings)) err(message);
    told = now;
  };
  tell();
  gateway.on('config', tell);
  await terminal.stopped();
  terminal.out(`closing: no further requests; those under way have ${drainMs} ms`);
  await gateway.close({ drainMs });
  return 0;
}

/** A line for each port that is open, by the name of its listener. */
function listening(gateway: Gateway, settings: GatewayOptions): ReadonlyMap<string, string> {
  const { listeners } = servedBy(gateway);
  return new Map(
    listeners.flatMap((spec): [string, string][] => {
      const port = gateway.portOf(spec.port);
      return port === undefined ? [] : [[spec.name, `listening on ${describe(spec, placeOf(spec, settings).address, port)}`]];
    }),
  );
}

/** `127.0.0.1:8080 for port 80: Gateway default/edge spec.servers[0] (mesh.yaml:7)` */
function describe({ port: serverPort, chains }: GatewayListenerSpec, address: string, port: number): string {
  const servers = [...new Set(chains.map(({ origin }) => formatOrigin(origin)))];
  const host = address.includes(':') ? `[${address}]` : address;
  return harmless(`${host}:${port === 0 ? '*' : port} for port ${serverPort}: ${summary(servers)}`);
}

/** Names in servers that no `--credential` gives; callers of those are turned away. */
function missingCredentials(gateway: Gateway, { credentials = {} }: GatewayOptions): string[] {
  const missing = servedBy(gateway).listeners.flatMap(({ chains }) =>
    chains.flatMap(({ tls, origin }) => {
      const { credentialNames = [], caCredentialName } = tls ?? {};
      const names = [...credentialNames, ...(caCredentialName === undefined ? [] : [caCredentialName])];
      return names.filter((name) => !Object.hasOwn(credentials, name)).map((name) => `${formatOrigin(origin)}: there is no credential ${name} (--credential ${name}=FOLDER)`);
    }),
  );
  return [...new Set(missing)];
}

function placeOf(spec: GatewayListenerSpec, { address = '127.0.0.1', ports = {} }: GatewayOptions): ReturnType<typeof placeIn> {
  return placeIn(spec, address, ports);
}

const MOST_NAMED = 5;

function summary(names: readonly string[]): string {
  return names.length <= MOST_NAMED ? names.join(', ') : `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`;
}

/** Why, and what to do about it. */
function nothingToServe(mesh: Mesh, { labels }: GatewayOptions): string {
  const own = Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(', ');
  const there = mesh.snapshot.resources.filter(({ kind }) => kind === 'Gateway');
  if (there.length === 0) return `nothing to serve: the rules (${count(mesh.snapshot.resources.length, 'resource')}) have no Gateway`;
  const selectors = there.map((resource) => {
    const { selector = {} } = resource.spec as GatewaySpec;
    const asked = Object.entries(selector).map(([name, value]) => `--label ${name}=${value}`).join(' ');
    return `${formatOrigin(originOf(resource))} wants ${asked || 'no label'}`;
  });
  return harmless(`nothing to serve: no server of a Gateway is for ${own}. ${summary(selectors)}`);
}
