import { access, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readResources } from '../config/read-resources.ts';
import { isHttp, kubernetesProtocol } from '../config/registry/port-protocol.ts';
import { firstRules, firstServices } from './first-rules.ts';
import { servicesByAddress, servicesOfCluster, servicesOfEnvironment, type FoundService } from './found-services.ts';
import { readInputs } from './inputs.ts';
import { count, harmless } from './style.ts';
import { UsageError, type ExitCode, type Terminal } from './terminal.ts';

export interface InitOptions {
  /** `reviews=127.0.0.1:9081` */
  readonly service?: readonly string[];
  readonly out: string;
  readonly namespace: string;
  readonly force?: boolean;
}

/**
 * `ts-mesh init [FILES…]`: a first folder of rules, from a Kubernetes export, from services by name and address, or, without either, from what the
 * environment tells of services. Exit 1 when something of an export could not be read.
 */
export async function init(names: readonly string[], options: InitOptions, terminal: Terminal): Promise<ExitCode> {
  const given = servicesByAddress(options.service ?? [], options.namespace);
  const cluster = names.length === 0 ? { services: [], unread: 0 } : await clusterServices(names, terminal);
  const services = [...cluster.services, ...given, ...(names.length + given.length === 0 ? servicesOfEnvironment(terminal.env, options.namespace) : [])];
  if (services.length === 0) {
    throw new UsageError(
      `no service ${names.length > 0 ? `with ports is in ${names.join(', ')}` : 'is told of by the environment (such as REVIEWS_URL=http://127.0.0.1:9081)'}. ` +
        'Name them, as in --service reviews=127.0.0.1:9081, or export them: kubectl get services,deployments,pods -o yaml | ts-mesh init -',
    );
  }
  const files = filesFor(services);
  const folder = resolve(terminal.cwd, options.out);
  const there = options.force === true ? [] : await existing(folder, [...files.keys()]);
  if (there.length > 0) throw new UsageError(`${there.map((file) => join(options.out, file)).join(', ')} ${there.length === 1 ? 'is' : 'are'} there already: name another folder with --out, or say --force`);
  await mkdir(folder, { recursive: true });
  for (const [file, text] of files) {
    await writeFile(join(folder, file), text, { flag: options.force === true ? 'w' : 'wx' });
    terminal.out(harmless(`wrote ${join(options.out, file)}`));
  }
  terminal.out(nextSteps(services, options.out));
  return cluster.unread > 0 ? 1 : 0;
}

async function clusterServices(names: readonly string[], terminal: Terminal): Promise<{ services: FoundService[]; unread: number }> {
  const { inputs, findings } = await readInputs(names, terminal);
  const { resources, issues } = readResources(inputs);
  const unread = [...findings.map(({ message, file }) => `${file}: ${message}`), ...issues.filter(({ severity }) => severity === 'error').map(({ message }) => message)];
  for (const message of unread) terminal.err(harmless(`ts-mesh: left out: ${message}`));
  return { services: servicesOfCluster(resources), unread: unread.length };
}

/** Rules for services that have several versions, and for those that were named one by one; a cluster has many, most of which need none. */
function filesFor(services: readonly FoundService[]): Map<string, string> {
  const files = new Map([['services.yaml', firstServices(services)]]);
  const names = Map.groupBy(services, ({ name }) => name);
  for (const service of services) {
    if (!getsRules(service)) continue;
    const alone = names.get(service.name)!.length === 1 && service.name !== 'services';
    files.set(alone ? `${service.name}.yaml` : `${service.namespace}-${service.name}.yaml`, firstRules(service));
  }
  return files;
}

function getsRules({ versions, endpoints, ports, outside, hasRules }: FoundService): boolean {
  const speaksHttp = ports.some(({ number, name, appProtocol }) => isHttp(kubernetesProtocol({ port: number, name, ...(appProtocol !== undefined && { appProtocol }) })));
  return outside !== true && !hasRules && speaksHttp && (versions.length > 1 || endpoints.length > 0);
}

async function existing(folder: string, files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(files.map((file) => access(join(folder, file)).then(() => [file], () => [])));
  return found.flat();
}

function nextSteps(services: readonly FoundService[], out: string): string {
  const ruled = services.filter(getsRules);
  const one = ruled[0] ?? services[0]!;
  const url = `http://${one.name}${one.namespace === 'default' ? '' : `.${one.namespace}`}${one.ports[0]!.number === 80 ? '' : `:${one.ports[0]!.number}`}/`;
  const first = ruled.filter(({ versions }) => versions.length > 1).map(({ name, versions }) => `${name} to ${versions[0]}`);
  return [
    `${count(services.length, 'service')}, rules for ${ruled.length}.${first.length === 0 ? '' : ` All calls go to the first version: ${first.join(', ')}.`}`,
    '',
    'Next:',
    `  npx ts-mesh validate ${out}`,
    `  npx ts-mesh explain ${url} --config ${out}`,
    `  TS_MESH_CONFIG=${out}, and meshFetch('${url}') of ts-mesh in the place of fetch`,
    ...(services.some(({ endpoints }) => endpoints.length === 0) ? ['  where pods are: `discovery: { dns: true }` or `endpoints` of createMesh, or EndpointSlices beside these files'] : []),
  ].map(harmless).join('\n');
}
