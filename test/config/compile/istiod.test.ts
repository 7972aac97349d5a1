import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileSnapshot } from '../../../src/config/compile.ts';
import { caseInput, DATA } from './conformance-input.ts';
import { istiodClusters, istiodVirtualHosts, type ProxyConfig } from './istiod-form.ts';
import { snapshotClusters, snapshotListeners, snapshotVirtualHosts } from './snapshot-form.ts';

/** Cases whose resources are not read as istiod reads them, so that there is nothing to compare. */
const NOT_READ_ALIKE = new Map([
  ['http2/host-match-and-headers', 'an unquoted `yes` is no text for ts-mesh'],
  ['tls/sni-wildcard-and-exact', 'an unquoted `y` is no text for ts-mesh'],
]);

const cases = readdirSync(join(DATA, 'istiod')).flatMap((topic) =>
  readdirSync(join(DATA, 'istiod', topic)).map((file) => ({ topic, id: `${topic}/${file.replace(/\.json$/, '')}` })),
);

describe.each([...new Set(cases.map(({ topic }) => topic))])('what istiod compiles, %s', (topic) => {
  const ids = cases.filter((entry) => entry.topic === topic && !NOT_READ_ALIKE.has(entry.id)).map(({ id }) => id);

  it.each(ids)('%s: the same virtual hosts and clusters', (id) => {
    const dump = JSON.parse(readFileSync(join(DATA, 'istiod', `${id}.json`), 'utf8')) as { client?: ProxyConfig };
    if (dump.client === undefined) return;
    const { resources, options } = caseInput(id);

    const { snapshot } = compileSnapshot(resources, options);

    const expected = istiodVirtualHosts(dump.client);
    expect(alike(snapshotVirtualHosts(snapshot), expected)).toEqual(expected);
    expect(snapshotClusters(snapshot)).toEqual(istiodClusters(dump.client));
  });

  it.each(ids)('%s: the same listeners', (id) => {
    const dump = JSON.parse(readFileSync(join(DATA, 'istiod', `${id}.json`), 'utf8')) as { client?: { listeners: string[] } };
    if (dump.client === undefined) return;
    const { resources, options } = caseInput(id);

    const { snapshot } = compileSnapshot(resources, options);

    expect(snapshotListeners(snapshot)).toEqual(dump.client.listeners.toSorted());
  });
});

/** A sniffed port's table in Envoy is for one service, so it has the domain `*`; ours is by name. */
function alike(ours: Record<string, { domains?: unknown }>, istiods: Record<string, { domains?: unknown }>): unknown {
  return Object.fromEntries(
    Object.entries(ours).map(([key, host]) => (istiods[key] !== undefined && istiods[key].domains === undefined ? [key, { ...host, domains: undefined }] : [key, host])),
  );
}
