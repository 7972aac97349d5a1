import { describe, expect, it } from 'vitest';
import { destinationRule, findingsIn, service } from '../findings.ts';

function told(spec: string, ...pods: readonly string[]): string[] {
  return findingsIn([destinationRule(spec), ...service(...pods)])
    .filter(({ code }) => code === 'TSM0008')
    .map(({ path = '', message, hint = '' }) => `${path}: ${message}; ${hint}`);
}

const THREE = ['version: v1', 'version: v1', 'version: v2'];

describe('TSM0008', () => {
  it('tells of a percentage that is less than one endpoint', () => {
    expect(told('trafficPolicy: {outlierDetection: {maxEjectionPercent: 30}}', ...THREE)).toEqual([
      'spec.trafficPolicy.outlierDetection: no endpoint is ever ejected: maxEjectionPercent 30 allows less than one of the 3 of api; set maxEjectionPercent to 34 or more',
    ]);
    expect(told('trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1}}', ...THREE)).toEqual([
      'spec.trafficPolicy.outlierDetection: no endpoint is ever ejected: the default maxEjectionPercent, 10, allows less than one of the 3 of api; set maxEjectionPercent to 34 or more',
    ]);
  });

  it('counts the endpoints of a subset', () => {
    const subset = (percent: number): string => `subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {outlierDetection: {maxEjectionPercent: ${percent}}}}]`;
    expect(told(subset(40), ...THREE)).toHaveLength(1);
    expect(told(subset(50), ...THREE)).toEqual([]);
  });

  it('is silent about enough, and about numbers that are not known', () => {
    expect(told('trafficPolicy: {outlierDetection: {maxEjectionPercent: 34}}', ...THREE)).toEqual([]);
    expect(told('trafficPolicy: {outlierDetection: {maxEjectionPercent: 1}}')).toEqual([]);
  });
});
