import { describe, expect, it } from 'vitest';
import { createMesh, isMeshError, meshInfo, type Mesh } from '../../src/index.ts';
import { memoryMesh, REVIEWS, reviewsPolicy, reviewsRules } from '../engine/memory-mesh.ts';
import { httpService, says } from './http-services.ts';

const FQDN = 'reviews.default.svc.cluster.local';
const EMPTY_SUBSET = REVIEWS.replace('subsets:', 'subsets:\n  - {name: none, labels: {version: v77}}');
const LONELY = `
apiVersion: v1
kind: Service
metadata: {name: lonely}
spec: {ports: [{name: http, port: 9080}]}`;
const REGISTRY_ONLY = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}`;

const RULES = reviewsRules(`
  - match: [{uri: {prefix: /subset}}]
    route: [{destination: {host: reviews, subset: v9}}]
  - match: [{uri: {prefix: /host}}]
    route: [{destination: {host: reviewz}}]
  - match: [{uri: {prefix: /port}}]
    route: [{destination: {host: reviews, port: {number: 1234}}}]
  - match: [{uri: {prefix: /empty}}]
    route: [{destination: {host: reviews, subset: none}}]
  - match: [{uri: {prefix: /split}}]
    route: [{destination: {host: reviews, subset: v1}, weight: 30}, {destination: {host: reviews, subset: v9}, weight: 70}]
  - match: [{uri: {prefix: /ok}}]
    route: [{destination: {host: reviews, subset: v1}}]`);

interface Refusal {
  readonly what: string;
  readonly url: string;
  readonly status: number;
  readonly flags: string;
  readonly body?: string;
  /** What the explanation must name. */
  readonly explained: readonly string[];
}

const REFUSALS: readonly Refusal[] = [
  { what: 'a subset that is not declared', url: 'http://reviews:9080/subset', status: 503, flags: 'NC', explained: [`no DestinationRule for ${FQDN} declares subset v9: declared are none, v1, v2`, '503 NC', 'spec.http[0].match[0] (rules.yaml:8)'] },
  { what: 'a destination that no service is', url: 'http://reviews:9080/host', status: 503, flags: 'NC', explained: ['no service reviewz.default.svc.cluster.local is known to this caller', '503 NC'] },
  { what: 'a destination port that its service has not', url: 'http://reviews:9080/port', status: 503, flags: 'NC', explained: [`service ${FQDN} has no port 1234, it has 9080`, '503 NC'] },
  { what: 'a subset whose labels no endpoint has', url: 'http://reviews:9080/empty', status: 503, flags: 'UH', body: 'no healthy upstream', explained: [`no endpoint of ${FQDN} has the labels of subset none`, '503 UH', 'DestinationRule default/reviews spec.subsets[0]'] },
  { what: 'a service without endpoints', url: 'http://lonely:9080/', status: 503, flags: 'UH', body: 'no healthy upstream', explained: ['service lonely.default.svc.cluster.local has no endpoints', '503 UH', 'Service default/lonely (lonely.yaml:2)'] },
  { what: 'a request that no rule matches', url: 'http://reviews:9080/nothing', status: 404, flags: 'NR', explained: ['404 NR', 'uri: prefix "/ok" ≠ "/nothing"'] },
];

async function ruledMesh(): Promise<Mesh> {
  const { mesh } = await memoryMesh([]);
  await mesh.apply([EMPTY_SUBSET, { text: RULES, file: 'rules.yaml' }, { text: LONELY, file: 'lonely.yaml' }]);
  return mesh;
}

describe('Envoy\'s answer, and why', () => {
  it.each(REFUSALS)('$what: $status $flags', async ({ url, status, flags, body = '', explained }) => {
    const mesh = await ruledMesh();

    const requested = await mesh.request(url);
    const fetched = await mesh.fetch(url);

    expect([requested.statusCode, meshInfo(requested)?.flags, await requested.body.text()]).toEqual([status, flags, body]);
    expect([fetched.status, meshInfo(fetched)?.flags, await fetched.text()]).toEqual([status, flags, body]);
    const story = mesh.explain(url).toString();
    for (const part of explained) expect(story).toContain(part);
  });

  it('a split tells the share that is lost', async () => {
    const mesh = await ruledMesh();

    const { destinations } = mesh.explain('http://reviews:9080/split');

    expect(destinations.map(({ cluster, share, outcome }) => [cluster, share, outcome])).toEqual([
      [`outbound|9080|v1|${FQDN}`, 30, 'ok'],
      [`outbound|9080|v9|${FQDN}`, 70, 'NC'],
    ]);
  });

  it('warns at once of names that lead nowhere', async () => {
    const mesh = await ruledMesh();

    expect(mesh.warnings.map(({ message }) => message)).toEqual(expect.arrayContaining([
      expect.stringContaining('subset v9'),
      expect.stringContaining('reviewz.default.svc.cluster.local'),
      expect.stringContaining('no port 1234'),
    ]));
  });

  it('endpoints that are all ejected: 503 UH, and they are named', async () => {
    const eject = reviewsPolicy('{outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100, baseEjectionTime: 60s}}');
    const { mesh, get } = await memoryMesh([REVIEWS, eject, reviewsRules('  - route: [{destination: {host: reviews, subset: v1}}]')], { '10.0.0.1:9080': () => ({ status: 500 }) });
    await get('http://reviews:9080/');

    expect((await get('http://reviews:9080/')).body).toBe('no healthy upstream');
    const story = mesh.explain('http://reviews:9080/').toString();
    expect(story).toContain(`all 1 endpoints of outbound|9080|v1|${FQDN} are ejected by outlier detection`);
    expect(story).toContain('endpoint 10.0.0.1:9080 version v1 EJECTED');
  });
});

describe('an explanation', () => {
  it('changes nothing: no draw, no statistics, no cluster comes to life', async () => {
    let draws = 0;
    const { mesh } = await memoryMesh([EMPTY_SUBSET, RULES], {}, { random: () => (draws++, 0.5) });
    const before = mesh.stats();

    for (const { url } of REFUSALS) mesh.explain(url).toString();
    mesh.explain('http://reviews:9080/split');

    expect(draws).toBe(0);
    expect(mesh.stats()).toEqual(before);
  });

  it('hides no header condition: it says what was expected and what was there', async () => {
    const { mesh } = await memoryMesh([REVIEWS, reviewsRules(`
  - match: [{headers: {end-user: {exact: jason}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v1}}]`)]);

    expect(mesh.explain('http://reviews:9080/', { headers: { 'End-User': 'jim' } }).toString()).toContain('headers.end-user: exact "jason" ≠ "jim"');
    expect(mesh.explain('http://reviews:9080/', { headers: { 'End-User': 'jason' } }).destinations[0]?.cluster).toContain('|v2|');
  });
});

describe('a host that nothing declares', () => {
  it('on a port of the mesh goes to its own address, as through Envoy', async () => {
    await using other = await says('other');
    await using mesh = await createMesh({ config: REVIEWS.replaceAll('9080', String(other.port)) });
    const url = `http://127.0.0.1:${other.port}/`;

    const response = await mesh.request(url);

    expect([response.statusCode, await response.body.text()]).toEqual([200, 'other']);
    expect(meshInfo(response)).toMatchObject({ cluster: 'PassthroughCluster', endpoint: other.address });
    expect(mesh.explain(url).toString()).toContain('PassthroughCluster');
  });

  it('on a port of the mesh where nobody listens: 503 UF', async () => {
    const closed = await httpService(() => {});
    await closed.close();
    await using mesh = await createMesh({ config: REVIEWS.replaceAll('9080', String(closed.port)) });

    const response = await mesh.request(`http://127.0.0.1:${closed.port}/`);

    expect(response.statusCode).toBe(503);
    expect(meshInfo(response)).toMatchObject({ flags: 'UF', details: 'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}' });
    await response.body.dump();
  });

  it('on any other port passes the mesh, and fails as without it', async () => {
    await using other = await says('other');
    const closed = await httpService(() => {});
    await closed.close();
    await using mesh = await createMesh({ config: REVIEWS });

    expect(await (await mesh.fetch(`http://127.0.0.1:${other.port}/`)).text()).toBe('other');
    await expect(mesh.fetch(`http://127.0.0.1:${closed.port}/`)).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'ECONNREFUSED' } });
    await expect(mesh.request(`http://127.0.0.1:${closed.port}/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(mesh.explain(`http://reviews:${other.port}/`).toString()).toMatch(/no HTTP service has port \d+\n\s+this host is known on port 9080/);
  });

  it('is refused under REGISTRY_ONLY at every door', async () => {
    await using other = await says('other');
    await using mesh = await createMesh({ config: [REVIEWS, REGISTRY_ONLY] });
    const urls = [`http://127.0.0.1:${other.port}/`, `http://localhost:${other.port}/`, `http://reviews@127.0.0.1:${other.port}/`, `https://127.0.0.1:${other.port}/`];

    for (const url of urls) {
      const error: unknown = await mesh.request(url).catch((reason: unknown) => reason);
      expect(isMeshError(error) && error.code, url).toBe('ERR_EGRESS_BLOCKED');
      const fetched: unknown = await mesh.fetch(url.replace('reviews@', '')).catch((reason: unknown) => reason);
      expect(fetched, url).toMatchObject({ name: 'TypeError', cause: { code: 'ERR_EGRESS_BLOCKED' } });
      expect(mesh.explain(url)).toMatchObject({ kind: 'blocked' });
    }
    expect(mesh.explain(urls[0]!).toString()).toContain(`blocked: ${urls[0]!.slice(0, -1)} is not in the registry, which the outbound policy REGISTRY_ONLY demands (add a ServiceEntry for host 127.0.0.1, port ${other.port})`);
    expect(other.accepted).toBe(0);
  });

  it('is refused under REGISTRY_ONLY on a port of the mesh too, with 502', async () => {
    await using other = await says('other');
    await using mesh = await createMesh({ config: [REVIEWS.replaceAll('9080', String(other.port)), REGISTRY_ONLY] });

    const response = await mesh.request(`http://127.0.0.1:${other.port}/`);

    expect([response.statusCode, await response.body.text()]).toEqual([502, '']);
    expect(meshInfo(response)).toMatchObject({ flags: '-', details: 'direct_response' });
    expect(other.accepted).toBe(0);
  });

  it('that a redirect points to is refused under REGISTRY_ONLY', async () => {
    await using other = await says('other');
    await using inside = await httpService((_request, response) => response.writeHead(302, { location: `http://127.0.0.1:${other.port}/` }).end());
    await using mesh = await createMesh({ config: [LONELY, REGISTRY_ONLY], endpoints: { lonely: [{ address: inside.address }] } });

    await expect(mesh.fetch('http://lonely:9080/')).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'ERR_EGRESS_BLOCKED' } });
    expect(other.accepted).toBe(0);
  });
});
