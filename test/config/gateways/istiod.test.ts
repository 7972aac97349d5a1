import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { compileGateway } from '../../../src/config/gateways/compile-gateway.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { caseInput, DATA } from '../compile/conformance-input.ts';
import { istiodClusters, istiodVirtualHosts, type ProxyConfig, type VirtualHostForm } from '../compile/istiod-form.ts';
import { snapshotClusters, snapshotVirtualHosts } from '../compile/snapshot-form.ts';

type Dump = Readonly<Record<string, ProxyConfig & { listeners: string[] }>>;
interface Proxy {
  readonly labels: Record<string, string>;
  readonly namespace?: string;
}

/** Every gateway of every recorded case. */
const gateways = readdirSync(join(DATA, 'cases')).flatMap((topic) =>
  readdirSync(join(DATA, 'cases', topic)).flatMap((file) => {
    const id = `${topic}/${file.replace(/\.yaml$/, '')}`;
    const { gateways: proxies = {} } = parse(readFileSync(join(DATA, 'cases', `${id}.yaml`), 'utf8')) as { gateways?: Record<string, Proxy> };
    return Object.entries(proxies).map(([name, proxy]) => ({ id, name, proxy }));
  }),
);

describe('what istiod compiles for gateways', () => {
  it('was recorded', () => expect(gateways.length).toBeGreaterThan(10));

  it.each(gateways)('$id, $name: the same listeners, virtual hosts and clusters', ({ id, name, proxy }) => {
    const dump = (JSON.parse(readFileSync(join(DATA, 'istiod', `${id}.json`), 'utf8')) as Dump)[name]!;
    const { resources, options } = caseInput(id);
    const { labels, namespace = 'istio-system' } = proxy;

    const { snapshot, listeners } = compileGateway(resources, { ...options, workload: { namespace, labels } });

    expect(listeners.map((listener) => listener.name).toSorted()).toEqual(dump.listeners.toSorted());
    expect(ourVirtualHosts(snapshot)).toEqual(theirVirtualHosts(dump));
    expect(snapshotClusters(snapshot)).toEqual(istiodClusters(dump));
  });
});

/** By `configuration virtual-host`. */
function theirVirtualHosts(dump: ProxyConfig): Record<string, VirtualHostForm> {
  const hosts = istiodVirtualHosts(dump);
  for (const { name, virtual_hosts: list } of dump.routes) {
    for (const host of list) {
      const form = hosts[`${name} ${host.name}`]!;
      // What Envoy does for `require_tls` our routes say.
      const byTls = { prefix: '/', headers: [{ name: 'x-forwarded-proto', string_match: { exact: 'https' }, invert_match: true, treat_missing_header_as_empty: true }] };
      if ((host as { require_tls?: string }).require_tls === 'ALL') form.routes = [{ match: byTls, redirect: { scheme_redirect: 'https', path_redirect: '' } }, ...form.routes];
    }
  }
  return hosts;
}

function ourVirtualHosts({ routes }: Snapshot): Record<string, VirtualHostForm> {
  return Object.fromEntries(
    routes.configurations.flatMap((configuration) => {
      const { port, hosts = [] } = configuration;
      const forms = snapshotVirtualHosts({ routes: { configurations: [configuration] } } as unknown as Snapshot);
      return Object.entries(forms).map(([key, form]) => [`${hosts[0]}${key.slice(String(port).length)}`, form]);
    }),
  );
}
