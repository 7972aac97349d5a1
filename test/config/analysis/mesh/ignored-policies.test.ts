import { describe, expect, it } from 'vitest';
import { destinationRule, findingsIn } from '../findings.ts';

const POLICY = 'trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}';

function told(...documents: readonly string[]): string[] {
  return findingsIn(documents, { complete: false })
    .filter(({ code }) => code === 'TSM0010')
    .map(({ resource, message }) => `${resource}: ${message}`);
}

describe('TSM0010', () => {
  it('tells of the policy of the younger rule for a host', () => {
    const younger = destinationRule(POLICY, 'name: a, creationTimestamp: "2024-01-02T00:00:00Z"');
    const older = destinationRule(POLICY, 'name: b, creationTimestamp: "2024-01-01T00:00:00Z"').replace('host: api', 'host: api.default.svc.cluster.local');
    expect(told(younger, older)).toEqual([
      'DestinationRule default/a: its trafficPolicy is ignored: default/b has one for api too, and the oldest counts',
    ]);
  });

  it('goes by order without time stamps, and by name where they are the same', () => {
    expect(told(destinationRule(POLICY, 'name: b'), destinationRule(POLICY, 'name: a'))[0]).toMatch(/^DestinationRule default\/a:/);
    const at = 'creationTimestamp: "2024-01-02T00:00:00Z"';
    expect(told(destinationRule(POLICY, `name: b, ${at}`), destinationRule(POLICY, `name: a, ${at}`))[0]).toMatch(/^DestinationRule default\/b:/);
  });

  it('is silent about rules that only add subsets, or are not joined', () => {
    const one = destinationRule(POLICY, 'name: a');
    expect(told(one, destinationRule('subsets: [{name: v1}]', 'name: b'))).toEqual([]);
    expect(told(one, destinationRule(POLICY, 'name: b, namespace: other'))).toEqual([]);
    expect(told(one, destinationRule(`exportTo: [.]\n${POLICY}`, 'name: b'))).toEqual([]);
    expect(told(one, destinationRule(`workloadSelector: {matchLabels: {app: a}}\n${POLICY}`, 'name: b'))).toEqual([]);
    expect(told(one, destinationRule(POLICY, 'name: b').replace('host: api', 'host: other'))).toEqual([]);
  });
});
