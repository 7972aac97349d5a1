import { describe, expect, it } from 'vitest';
import { addresses, cluster, istio, service, snapshotOf } from './support.ts';

const REVIEWS = service('reviews.default.svc.cluster.local');
const subset = (name: string, version: string): string => `{name: ${name}, labels: {version: ${version}}}`;
const rule = (name: string, spec: string, namespace?: string): string => istio('DestinationRule', name, `{host: reviews.default.svc.cluster.local, ${spec}}`, namespace);
const S = 'outbound|80|s|reviews.default.svc.cluster.local';
const WHOLE = 'outbound|80||reviews.default.svc.cluster.local';

describe('which DestinationRule applies', () => {
  const caller = { workload: { namespace: 'shop', labels: { app: 'web' } } };

  it("the caller's namespace beats the service's, which beats the root namespace", () => {
    const service1 = rule('service', `subsets: [${subset('s', 'v2')}]`);
    const root = rule('root', `subsets: [${subset('s', 'v1')}]`, 'istio-system');
    const own = rule('own', `subsets: [${subset('other', 'v1')}]`, 'shop');

    expect(addresses(snapshotOf(REVIEWS + root, caller), S)).toEqual(['10.0.0.1:80']);
    expect(addresses(snapshotOf(REVIEWS + root + service1, caller), S)).toEqual(['10.0.0.2:80']);
    expect(snapshotOf(REVIEWS + root + service1 + own, caller).clusters.has(S)).toBe(false);
  });

  it("a rule in the caller's namespace that is exported elsewhere only does not count there", () => {
    const own = rule('own', `exportTo: [elsewhere], subsets: [${subset('s', 'v1')}]`, 'shop');
    const theirs = rule('theirs', `subsets: [${subset('s', 'v2')}]`);

    expect(addresses(snapshotOf(REVIEWS + own + theirs, caller), S)).toEqual(['10.0.0.2:80']);
  });

  it('callers of the root namespace see its public rules last, its private ones first', () => {
    const root = { workload: { namespace: 'istio-system', labels: {} } };
    const theirs = rule('theirs', `subsets: [${subset('s', 'v1')}]`);
    const shared = rule('shared', `subsets: [${subset('s', 'v2')}]`, 'istio-system');
    const secret = rule('secret', `exportTo: ["."], subsets: [${subset('s', 'v2')}]`, 'istio-system');

    expect(addresses(snapshotOf(REVIEWS + theirs + shared, root), S)).toEqual(['10.0.0.1:80']);
    expect(addresses(snapshotOf(REVIEWS + theirs + secret, root), S)).toEqual(['10.0.0.2:80']);
  });

  it('an exact host beats wildcards, a longer wildcard a shorter one, whatever the order', () => {
    const wide = istio('DestinationRule', 'wide', `{host: "*.local", subsets: [${subset('s', 'v1')}]}`);
    const narrow = istio('DestinationRule', 'narrow', `{host: "*.default.svc.cluster.local", subsets: [${subset('s', 'v2')}]}`);
    const exact = rule('exact', `subsets: [${subset('t', 'v1')}]`);

    expect(addresses(snapshotOf(REVIEWS + wide + narrow), S)).toEqual(['10.0.0.2:80']);
    expect(addresses(snapshotOf(REVIEWS + narrow + wide), S)).toEqual(['10.0.0.2:80']);
    expect(snapshotOf(REVIEWS + wide + narrow + exact).clusters.has(S)).toBe(false);
  });

  it('a rule with a selector takes the place of the general one for callers of its namespace that fit', () => {
    const general = rule('general', `subsets: [${subset('s', 'v1')}]`);
    const special = rule('special', `workloadSelector: {matchLabels: {app: web}}, subsets: [${subset('s', 'v2')}]`);
    const as = (namespace: string, app: string) => ({ workload: { namespace, labels: { app } } });

    expect(addresses(snapshotOf(REVIEWS + general + special, as('default', 'web')), S)).toEqual(['10.0.0.2:80']);
    expect(addresses(snapshotOf(REVIEWS + general + special, as('default', 'other')), S)).toEqual(['10.0.0.1:80']);
    expect(addresses(snapshotOf(REVIEWS + general + special, as('shop', 'web')), S)).toEqual(['10.0.0.1:80']);
  });
});

describe('rules of one namespace for one host', () => {
  it('join their subsets, the older one first; only the older policy counts', () => {
    const older = rule('zz', `trafficPolicy: {loadBalancer: {simple: RANDOM}}, subsets: [${subset('s', 'v1')}]`);
    const younger = rule('aa', `trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}, subsets: [${subset('s', 'v2')}, ${subset('t', 'v2')}]`);

    const snapshot = snapshotOf(REVIEWS + older + younger);

    expect(addresses(snapshot, S)).toEqual(['10.0.0.1:80']);
    expect(addresses(snapshot, S.replace('|s|', '|t|'))).toEqual(['10.0.0.2:80']);
    expect(cluster(snapshot, WHOLE)).toMatchObject({ loadBalancer: { kind: 'RANDOM' }, circuitBreaker: { maxConnections: Infinity } });
  });

  it('take the policy of a younger one when the older has none, and tell so', () => {
    const older = rule('a', `subsets: [${subset('s', 'v1')}]`);
    const younger = rule('b', `trafficPolicy: {loadBalancer: {simple: RANDOM}}`);

    const { loadBalancer, origins } = cluster(snapshotOf(REVIEWS + older + younger), S);

    expect(loadBalancer.kind).toBe('RANDOM');
    expect(origins.map(({ kind, name, path }) => `${kind} ${name} ${path}`)).toEqual([
      'ServiceEntry reviews-default-svc-cluster-local ',
      'DestinationRule b spec.trafficPolicy',
      'DestinationRule a spec.subsets[0]',
    ]);
  });

  it('stay apart when they are exported differently; the youngest is used, alone', () => {
    const older = rule('a', `subsets: [${subset('s', 'v1')}]`);
    const younger = rule('b', `exportTo: ["*"], subsets: [${subset('t', 'v2')}]`);

    const snapshot = snapshotOf(REVIEWS + older + younger);

    expect(snapshot.clusters.has(S)).toBe(false);
    expect(snapshot.clusters.has(S.replace('|s|', '|t|'))).toBe(true);
  });

  // Source: istio `mergeDestinationRule`, with the enhanced merge that is on by default.
  describe('whose exports differ', () => {
    const as = (namespace: string, labels = {}) => ({ workload: { namespace, labels } });
    const names = (text: string, caller = as('default')): string[] =>
      [...snapshotOf(REVIEWS + text, caller).clusters.keys()].map((name) => name.split('|')[2] ?? '').filter((name) => name !== '');
    const one = (exportTo: string): string => rule('one', `${exportTo}subsets: [${subset('s', 'v1')}, ${subset('a', 'v1')}]`);
    const two = (exportTo: string): string => rule('two', `${exportTo}subsets: [${subset('s', 'v2')}, ${subset('b', 'v2')}]`);

    it.each([
      ['the same', 'exportTo: [shop, "."], ', 'exportTo: [".", shop], ', ['s', 'a', 'b']],
      ['a part of the younger one', 'exportTo: ["."], ', 'exportTo: [".", shop], ', ['s', 'a', 'b']],
      ['more than the younger one', 'exportTo: [".", shop], ', 'exportTo: ["."], ', ['s', 'b']],
      ['the same in other words', 'exportTo: ["."], ', 'exportTo: [default], ', ['s', 'b']],
      ['everybody, said and unsaid', '', 'exportTo: ["*"], ', ['s', 'b']],
    ])('%s', (_, older, younger, expected) => {
      expect(names(one(older) + two(younger))).toEqual(expected);
    });

    it('leave the youngest beside the older ones though it joined one of them', () => {
      const three = rule('three', `subsets: [${subset('s', 'v1')}, ${subset('c', 'v1')}]`);

      expect(names(one('') + two('exportTo: ["*"], ') + three)).toEqual(['s', 'c']);
    });

    it('a rule for the own namespace disappears in one that selects workloads', () => {
      const special = rule('special', `workloadSelector: {matchLabels: {app: web}}, subsets: [${subset('s', 'v1')}]`);

      expect(names(special + two('exportTo: ["."], '), as('default', { app: 'web' }))).toEqual(['s', 'b']);
      expect(names(special + two('exportTo: ["."], '), as('default', { app: 'other' }))).toEqual([]);
      expect(names(special + two(''), as('default', { app: 'web' }))).toEqual(['s']);
      expect(names(special + two(''), as('default', { app: 'other' }))).toEqual(['s', 'b']);
    });
  });
});
