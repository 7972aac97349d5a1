import { describe, expect, it } from 'vitest';
import { memoryMesh, REVIEWS, reviewsPolicy, reviewsRules } from './memory-mesh.ts';

const V1 = '10.0.0.1:9080';
const RULES = reviewsRules(`
  - match: [{uri: {prefix: /broken}}]
    route: [{destination: {host: reviews, subset: nowhere}}]
  - timeout: 5s
    rewrite: {uri: /new, authority: other.example}
    headers: {response: {set: {server: mine, x-was: "%RESP(server)%"}}}
    route: [{destination: {host: reviews, subset: v1}}]`);

function meshConfig(proxyHeaders: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    defaultConfig:
      proxyHeaders: ${proxyHeaders}
`;
}

async function exchange(proxyHeaders: string): Promise<{ sent: Record<string, string | undefined>; got: Record<string, unknown>; local: Record<string, unknown> }> {
  const { mesh, services } = await memoryMesh([meshConfig(proxyHeaders), REVIEWS, RULES], { [V1]: () => ({ headers: { server: 'nginx' } }) });
  const response = await mesh.request('http://reviews:9080/');
  await response.body.dump();
  const broken = await mesh.request('http://reviews:9080/broken');
  await broken.body.dump();
  return { sent: services[V1]!.requests[0]!.headers as Record<string, string>, got: response.headers, local: broken.headers };
}

// Source: istio `GetProxyHeadersFromProxyConfig`; Envoy `suppress_envoy_headers`, `server_header_transformation`.
describe('defaultConfig.proxyHeaders', () => {
  it('adds all of them by default, and its own server over what anyone says', async () => {
    const { sent, got, local } = await exchange('{}');

    expect(sent).toMatchObject({
      'x-envoy-attempt-count': '1', 'x-envoy-expected-rq-timeout-ms': '5000', 'x-envoy-original-path': '/', 'x-envoy-original-host': 'reviews:9080',
    });
    expect(sent['x-request-id']).toBeDefined();
    expect(got).toMatchObject({ server: 'envoy', 'x-was': 'nginx', 'x-envoy-upstream-service-time': '0' });
    expect(local).toMatchObject({ server: 'envoy' });
  });

  it('leaves out what is disabled', async () => {
    const disabled = '{disabled: true}';
    const { sent, got, local } = await exchange(`{server: ${disabled}, requestId: ${disabled}, attemptCount: ${disabled}, envoyDebugHeaders: ${disabled}}`);

    expect(Object.keys(sent).filter((name) => name.startsWith('x-envoy') || name === 'x-request-id')).toEqual([]);
    expect(sent['host']).toBe('other.example');
    expect(got).toMatchObject({ server: 'mine', 'x-was': 'nginx' });
    expect(got).not.toHaveProperty('x-envoy-upstream-service-time');
    expect(local).not.toHaveProperty('server');
  });

  it('says another server', async () => {
    const { got, local } = await exchange('{server: {value: gate}, attemptCount: {disabled: false}}');

    expect([got['server'], local['server']]).toEqual(['gate', 'gate']);
  });

  it('does not say that a limit was reached, where debug headers are off', async () => {
    const policy = reviewsPolicy('{connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}}');
    const rules = reviewsRules('  - route: [{destination: {host: reviews, subset: v1}}]');
    const { mesh, clock } = await memoryMesh([meshConfig('{envoyDebugHeaders: {disabled: true}}'), REVIEWS, policy, rules], { [V1]: () => 'hang' });
    const first = mesh.request('http://reviews:9080/').catch(() => undefined);
    await clock.advance(1);
    const second = mesh.request('http://reviews:9080/').catch(() => undefined);
    const refused = await mesh.request('http://reviews:9080/');

    expect(refused.statusCode).toBe(503);
    expect(refused.headers).not.toHaveProperty('x-envoy-overloaded');
    await mesh.close({ drainMs: 0 });
    await Promise.all([first, second]);
  });
});
