import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMesh, type Explanation, type Mesh } from '../../src/index.ts';
import type { ConformanceCase, RequestSpec, Step } from './case/case-file.ts';
import { caseTexts, readDocuments, type Document } from './case/documents.ts';
import { listCases, loadCase } from './case/read-case.ts';
import { buildCall, buildDial } from './runner/build-call.ts';
import { SUITE } from './suite-paths.ts';

/** What was recorded of one call, or of many as tallies. */
interface Recorded {
  readonly times?: number;
  readonly status?: unknown;
  readonly flags?: unknown;
  readonly details?: string | null;
  readonly cluster?: string | null | Readonly<Record<string, number>>;
  readonly error?: string;
  readonly attempts?: readonly { readonly to: string }[];
  readonly together?: readonly Recorded[];
  readonly proxies?: { readonly client?: readonly { readonly cluster: string | null; readonly flags: string; readonly to: string | null }[] };
}

async function meshOf(conformanceCase: ConformanceCase): Promise<{ mesh: Mesh; documents: readonly Document[] }> {
  const texts = caseTexts(conformanceCase, SUITE.worlds);
  const { client, mesh: settings } = conformanceCase;
  const metadata = { name: 'istio', namespace: 'istio-system' };
  const config = [...texts, ...(settings === undefined ? [] : [{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { mesh: JSON.stringify(settings) } }])];
  return { mesh: await createMesh({ config, workload: client, legacySemantics: false }), documents: readDocuments(texts) };
}

/** The request steps of a case with what was recorded of each. */
function* requests(steps: readonly Step[], recorded: readonly Recorded[]): Generator<{ request: RequestSpec; times: number; seen: Recorded }> {
  for (const [index, step] of steps.entries()) {
    const seen = recorded[index]!;
    if (step.kind === 'request') yield { request: step.request, times: step.times ?? 1, seen };
    if (step.kind !== 'together') continue;
    for (const [at, item] of step.items.entries()) {
      if (item.step.kind === 'request') yield { request: item.step.request, times: 1, seen: seen.together![at]! };
    }
  }
}

/** What of the recording the explanations of the same calls contradict. */
function contradictions(explanations: readonly Explanation[], seen: Recorded): string[] {
  const clusters = typeof seen.cluster === 'string' ? [seen.cluster] : seen.cluster === null || seen.cluster === undefined ? [] : Object.keys(seen.cluster);
  const destinations = explanations.flatMap((one) => one.destinations);
  const named = new Set(destinations.map(({ cluster }) => cluster));
  const wrong: string[] = [];
  const demand = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what);
  };
  for (const cluster of clusters.filter((name) => name !== 'null')) demand(named.has(cluster), `${cluster} is none of ${[...named].join(', ') || 'no cluster'}`);
  const first = explanations[0]!;
  const logged = !(seen.flags === null || seen.flags === undefined);
  if (seen.times === undefined) {
    demand(logged === (first.kind === 'mesh'), `the call is ${first.kind}, but ${logged ? 'walked through the mesh' : 'left no trace in the proxy'}`);
    const flags = typeof seen.flags === 'string' ? seen.flags.split(',') : [];
    if (flags.includes('NR')) demand(first.route.outcome !== 'routed', `a route was explained where there was none`);
    else if (logged) demand(first.route.outcome === 'routed', `${first.route.outcome}, but there was a route`);
    if (flags.includes('NC')) demand(destinations.some(({ outcome }) => outcome === 'NC'), 'no destination is said to be missing');
    if (seen.details === 'direct_response') demand(destinations.length === 0 && first.route.action.length > 0, 'a destination is explained where the proxy answered');
    for (const { to } of seen.attempts ?? []) {
      const known = destinations.flatMap(({ endpoints }) => endpoints.map(({ address }) => address));
      const anywhere = destinations.some(({ cluster, endpoints }) => cluster === 'PassthroughCluster' || endpoints.length === 0 || endpoints.some(({ address }) => !/^[\d.]+:\d+$/.test(address)));
      if (logged) demand(anywhere || known.includes(to), `${to} is none of ${known.join(', ')}`);
    }
  }
  const times = seen.times ?? 1;
  for (const { cluster, share } of destinations) {
    if (times >= 100 && share >= 10 && logged) demand(clusters.includes(cluster) || destinations.some(({ outcome }) => outcome === 'NC'), `${cluster} gets ${share} % by the explanation, and nothing in fact`);
  }
  return wrong;
}

/** What of the recording of connections their explanation contradicts. */
function connectionContradictions({ kind, destinations }: Explanation, { proxies }: Recorded): string[] {
  const entries = proxies?.client ?? [];
  const clusters = destinations.map(({ cluster }) => cluster);
  return entries.flatMap(({ cluster, flags, to }) => {
    if (cluster === 'PassthroughCluster' || cluster === 'BlackHoleCluster') {
      const expected = cluster === 'BlackHoleCluster' ? 'blocked' : 'passthrough';
      return kind === expected ? [] : [`${kind} instead of ${expected}`];
    }
    if (cluster === null) return destinations.some(({ outcome }) => outcome === 'NC') || !flags.includes('NC') ? [] : ['no destination is said to be missing'];
    const destination = destinations.find((one) => one.cluster === cluster);
    if (destination === undefined) return [`${cluster} is none of ${clusters.join(', ') || 'no cluster'}`];
    const known = destination.endpoints.map(({ address }) => address);
    const isNamed = known.every((address) => /^[\d.]+:\d+$/.test(address)) && known.length > 0;
    return to !== null && isNamed && !known.includes(to) ? [`${to} is none of ${known.join(', ')}`] : [];
  });
}

const names = listCases(SUITE.cases).filter(({ topic }) => topic !== 'gateways');

describe.each([...new Set(names.map(({ topic }) => topic))])('explanations and what real Istio did, %s', (topic) => {
  it.each(names.filter((name) => name.topic === topic).map(({ slug }) => slug))('%s', async (slug) => {
    const conformanceCase = loadCase(SUITE.cases, topic, slug);
    const recording = JSON.parse(readFileSync(join(SUITE.expected!, topic, `${slug}.json`), 'utf8')) as { steps: Recorded[] };
    const { mesh, documents } = await meshOf(conformanceCase);
    const wrong: string[] = [];
    for (const { request, times, seen } of requests(conformanceCase.steps, recording.steps)) {
      if ('via' in request && request.via !== undefined) continue;
      const explanations = Array.from({ length: Math.min(times, 20) }, (_, n) => {
        const call = buildCall(request, { conformanceCase, documents, id: '1', n, cookie: undefined });
        return mesh.explain(call.url, { method: call.method, headers: call.headers, path: call.path, originalDst: call.originalDst });
      });
      wrong.push(...contradictions(explanations, seen).map((what) => `${request.method} ${request.rawPath ?? request.url}: ${what}`));
    }
    for (const [index, step] of conformanceCase.steps.entries()) {
      if (step.kind !== 'tcp' && step.kind !== 'tls') continue;
      const spec = step.kind === 'tcp' ? step.tcp : step.tls;
      const { host, port, originalDst } = buildDial(spec, { conformanceCase, documents });
      const servername = step.kind === 'tls' && step.tls.sni !== '' ? step.tls.sni : undefined;
      const explanation = mesh.explain(`${servername === undefined ? 'tcp' : 'tls'}://${host}:${port}`, { originalDst, servername });
      wrong.push(...connectionContradictions(explanation, recording.steps[index]!).map((what) => `${explanation.url}: ${what}`));
    }
    await mesh.close({ drainMs: 0 });
    expect(wrong).toEqual([]);
  });
});
