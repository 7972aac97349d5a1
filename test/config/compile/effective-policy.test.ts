import { describe, expect, it } from 'vitest';
import { effectivePolicy } from '../../../src/config/clusters/effective-policy.ts';

const RANDOM = { simple: 'RANDOM' };
const ROUND_ROBIN = { simple: 'ROUND_ROBIN' };
const POOL = { tcp: { maxConnections: 1 } };
const MESH_POOL = { tcp: { maxConnections: 9 } };
const NO_MESH = { connectionPool: undefined, outlierDetection: undefined };
const set = (policy: object): object => JSON.parse(JSON.stringify(policy)) as object;

describe('effectivePolicy', () => {
  it('of a rule alone is that of the rule', () => {
    expect(set(effectivePolicy({ loadBalancer: RANDOM, connectionPool: POOL }, undefined, 80, NO_MESH))).toEqual({ loadBalancer: RANDOM, connectionPool: POOL });
  });

  it('for a port with settings has those alone, nothing of the rule', () => {
    const policy = { connectionPool: POOL, retryBudget: { percent: 1 }, portLevelSettings: [{ port: { number: 80 }, loadBalancer: RANDOM }] };

    expect(set(effectivePolicy(policy, undefined, 80, NO_MESH))).toEqual({ loadBalancer: RANDOM });
    expect(set(effectivePolicy(policy, undefined, 81, NO_MESH))).toEqual({ connectionPool: POOL, retryBudget: { percent: 1 } });
  });

  it('takes whole blocks from the mesh where they are missing', () => {
    const mesh = { connectionPool: MESH_POOL, outlierDetection: { interval: '1s' } };

    expect(set(effectivePolicy(undefined, undefined, 80, mesh))).toEqual({ connectionPool: MESH_POOL, outlierDetection: { interval: '1s' } });
    expect(set(effectivePolicy({ connectionPool: POOL }, undefined, 80, mesh))).toEqual({ connectionPool: POOL, outlierDetection: { interval: '1s' } });
  });

  it('lets a subset replace blocks, not fields', () => {
    const subset = { name: 's', trafficPolicy: { connectionPool: { http: { http2MaxRequests: 2 } } } };

    expect(set(effectivePolicy({ loadBalancer: RANDOM, connectionPool: POOL }, subset, 80, NO_MESH))).toEqual({
      loadBalancer: RANDOM,
      connectionPool: { http: { http2MaxRequests: 2 } },
    });
  });

  it("resets what a subset's settings for the port leave out", () => {
    const subset = { name: 's', trafficPolicy: { outlierDetection: {}, portLevelSettings: [{ port: { number: 80 }, loadBalancer: ROUND_ROBIN }] } };

    expect(set(effectivePolicy({ connectionPool: POOL }, subset, 80, NO_MESH))).toEqual({ loadBalancer: ROUND_ROBIN });
    expect(set(effectivePolicy({ connectionPool: POOL }, subset, 81, NO_MESH))).toEqual({ connectionPool: POOL, outlierDetection: {} });
  });

  it("keeps the rule's retry budget beside a subset's settings for the port, which put the subset's own out of force", () => {
    const subset = { name: 's', trafficPolicy: { retryBudget: { percent: 2 }, portLevelSettings: [{ port: { number: 80 }, loadBalancer: ROUND_ROBIN }] } };
    const budget = (port: number, policy?: object): unknown => effectivePolicy(policy, subset, port, NO_MESH).retryBudget;

    expect(budget(80, { retryBudget: { percent: 1 } })).toEqual({ percent: 1 });
    expect(budget(80)).toBeUndefined();
    expect(budget(81, { retryBudget: { percent: 1 } })).toEqual({ percent: 2 });
  });
});
