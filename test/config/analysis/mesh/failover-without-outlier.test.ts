import { describe, expect, it } from 'vitest';
import { codesIn, destinationRule } from '../findings.ts';

const FAILOVER = 'loadBalancer: {localityLbSetting: {failover: [{from: eu, to: us}]}}';
const OUTLIER = 'outlierDetection: {consecutive5xxErrors: 5}';

function told(spec: string, ...more: readonly string[]): string[] {
  return codesIn([destinationRule(spec), ...more], 'TSM0004', { complete: false }).map((line) => line.split(' ').at(-1)!);
}

describe('TSM0004', () => {
  it('tells of failover where nothing fails', () => {
    expect(told(`trafficPolicy: {${FAILOVER}}`)).toEqual(['spec.trafficPolicy.loadBalancer.localityLbSetting.failover']);
    expect(told('trafficPolicy: {loadBalancer: {localityLbSetting: {failoverPriority: [version]}}}')).toEqual([
      'spec.trafficPolicy.loadBalancer.localityLbSetting.failoverPriority',
    ]);
    expect(told(`subsets: [{name: v1, trafficPolicy: {${FAILOVER}}}]`)).toHaveLength(1);
  });

  it('knows what a subset inherits, and a port does not', () => {
    expect(told(`trafficPolicy: {${OUTLIER}}\nsubsets: [{name: v1, trafficPolicy: {${FAILOVER}}}]`)).toEqual([]);
    expect(told(`trafficPolicy: {${OUTLIER}, portLevelSettings: [{port: {number: 80}, ${FAILOVER}}]}`)).toEqual([
      'spec.trafficPolicy.portLevelSettings[0].loadBalancer.localityLbSetting.failover',
    ]);
  });

  it('is silent about outlier detection there, or for the whole mesh', () => {
    expect(told(`trafficPolicy: {${FAILOVER}, ${OUTLIER}}`)).toEqual([]);
    expect(told('trafficPolicy: {loadBalancer: {localityLbSetting: {enabled: false, failover: [{from: eu, to: us}]}}}')).toEqual([]);
    const mesh = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    defaultTrafficPolicy: {${OUTLIER}}\n`;
    expect(told(`trafficPolicy: {${FAILOVER}}`, mesh)).toEqual([]);
  });
});
