import { describe, expect, it } from 'vitest';
import { addresses, cluster, compileYaml, hostNames, service, snapshotOf } from './support.ts';

const REVIEWS = `
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}, {name: http-admin, port: 9090, targetPort: 9091}]}
`;
const NAME = 'outbound|9080||reviews.default.svc.cluster.local';
const ADMIN = 'outbound|9090||reviews.default.svc.cluster.local';

describe('endpoints from code', () => {
  it.each(['reviews', 'reviews.default', 'reviews.default.svc', 'reviews.default.svc.cluster.local', 'Reviews.Default'])('go to the service that %s names', (key) => {
    expect(addresses(snapshotOf(REVIEWS, { endpoints: { [key]: [{ address: '127.0.0.1:9081' }] } }), NAME)).toEqual(['127.0.0.1:9081']);
  });

  it('serve every port at the port of their address, unless the key names one', () => {
    const all = snapshotOf(REVIEWS, { endpoints: { reviews: [{ address: '127.0.0.1:1' }] } });
    const one = snapshotOf(REVIEWS, { endpoints: { 'reviews:9090': [{ address: '127.0.0.1:1' }] } });

    expect([addresses(all, NAME), addresses(all, ADMIN)]).toEqual([['127.0.0.1:1'], ['127.0.0.1:1']]);
    expect([addresses(one, NAME), addresses(one, ADMIN)]).toEqual([[], ['127.0.0.1:1']]);
  });

  it('without port are reached at the target port', () => {
    const snapshot = snapshotOf(REVIEWS, { endpoints: { reviews: [{ address: '127.0.0.1' }, { address: '::1', port: 5 }, { address: '[::2]:6' }] } });

    expect(cluster(snapshot, ADMIN).endpoints.map(({ address, port }) => [address, port])).toEqual([
      ['127.0.0.1', 9091],
      ['::1', 5],
      ['::2', 6],
    ]);
  });

  it('carry labels, weight and locality', () => {
    const snapshot = snapshotOf(REVIEWS, { endpoints: { reviews: [{ address: 'localhost:1', labels: { version: 'v1' }, weight: 3, locality: 'r/z' }] } });

    expect(cluster(snapshot, NAME).endpoints).toEqual([
      { address: 'localhost', port: 1, labels: { version: 'v1' }, weight: 3, locality: { region: 'r', zone: 'z', subzone: '' } },
    ]);
  });

  it('join the declared ones, and take the place of a looked-up name or address', () => {
    const declared = service('a.example.com');
    const none = `\n---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: n}\nspec: {hosts: [n.example.com], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}\n`;
    const endpoints = { 'a.example.com': [{ address: '127.0.0.1:1' }], 'n.example.com': [{ address: '127.0.0.1:2' }] };
    const snapshot = snapshotOf(declared + none, { endpoints });

    expect(addresses(snapshot, 'outbound|80||a.example.com')).toEqual(['10.0.0.1:80', '10.0.0.2:80', '127.0.0.1:1']);
    expect(cluster(snapshot, 'outbound|80||n.example.com').discovery).toBe('static');
    expect(addresses(snapshot, 'outbound|80||n.example.com')).toEqual(['127.0.0.1:2']);
  });

  it('make a service of their own when the key names a port', () => {
    const snapshot = snapshotOf('', { endpoints: { 'hello:80': [{ address: '127.0.0.1:1' }], 'api.example.com:81': [{ address: '127.0.0.1:2' }] } });

    expect(addresses(snapshot, 'outbound|80||hello.default.svc.cluster.local')).toEqual(['127.0.0.1:1']);
    expect(addresses(snapshot, 'outbound|81||api.example.com')).toEqual(['127.0.0.1:2']);
    expect(hostNames(snapshot, 80)).toEqual(['hello.default.svc.cluster.local:80', 'allow_any']);
  });

  it.each([['127.0.0.1:9081'], [['127.0.0.1:9081']], [{ address: '127.0.0.1:9081' }], [[null]]])('that are %j are refused, with what they should be', (inputs) => {
    expect(() => compileYaml(REVIEWS, { endpoints: { reviews: inputs as never } })).toThrow(`endpoints["reviews"] must be a list such as [{ address: '127.0.0.1:9081' }], got ${JSON.stringify(inputs)}`);
  });

  it('are told when they belong to nothing', () => {
    const { issues } = compileYaml(REVIEWS, { endpoints: { nobody: [{ address: '127.0.0.1:1' }], 'reviews:1': [{ address: '127.0.0.1:1' }] } });

    expect(issues.map(({ code, path, hint }) => [code, path, hint])).toEqual([
      ['WARN_UNKNOWN_SERVICE', 'endpoints["nobody"]', 'declare it, or name the port in the key, such as "nobody:80"'],
      ['WARN_UNKNOWN_PORT', 'endpoints["reviews:1"]', 'its ports: 9080, 9090'],
    ]);
  });
});
