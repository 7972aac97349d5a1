import { describe, expect, it } from 'vitest';
import { TimeoutPolicy } from '../../src/route/timeout-policy.ts';

describe('TimeoutPolicy', () => {
  it.each([
    [{}, 0, 0],
    [{ routeTimeoutMs: 500 }, 500, 0],
    [{ perTryTimeoutMs: 200 }, 0, 200],
    [{ routeTimeoutMs: 500, perTryTimeoutMs: 200 }, 500, 200],
    // A try that may take as long as the whole needs no timer of its own.
    [{ routeTimeoutMs: 300, perTryTimeoutMs: 300 }, 300, 0],
    [{ routeTimeoutMs: 300, perTryTimeoutMs: 2000 }, 300, 0],
  ])('%j: %s ms in all, %s ms a try', (options, routeTimeoutMs, perTryTimeoutMs) => {
    expect(new TimeoutPolicy(options)).toMatchObject({ routeTimeoutMs, perTryTimeoutMs });
  });

  it.each([
    [{}, 5000, Infinity],
    [{ routeTimeoutMs: 500 }, 0, 500],
    [{ routeTimeoutMs: 500 }, 499.5, 0.5],
    [{ routeTimeoutMs: 500 }, 501, 0],
  ])('%j after %s ms: %s ms are left', (options, elapsedMs, left) => {
    expect(new TimeoutPolicy(options).budget(elapsedMs)).toBe(left);
  });

  it.each([
    [{}, 0, undefined],
    [{ routeTimeoutMs: 400 }, 0, 400],
    [{ routeTimeoutMs: 400 }, 111.7, 289],
    [{ perTryTimeoutMs: 200 }, 1000, 200],
    [{ routeTimeoutMs: 500, perTryTimeoutMs: 200 }, 100, 200],
    [{ routeTimeoutMs: 500, perTryTimeoutMs: 200 }, 401, 99],
    [{ routeTimeoutMs: 300, perTryTimeoutMs: 2000 }, 0, 300],
    // 0 would tell the upstream to take forever.
    [{ routeTimeoutMs: 500 }, 500, 1],
    [{ routeTimeoutMs: 500 }, 9000, 1],
  ])('%j after %s ms: the upstream is told %s', (options, elapsedMs, told) => {
    expect(new TimeoutPolicy(options).expectedTimeoutMs(elapsedMs)).toBe(told);
  });

  it.each([
    [{ routeTimeoutMs: 350 }, 100, 100],
    [{ routeTimeoutMs: 350 }, 350, 350],
    [{ routeTimeoutMs: 350 }, 1000, 350],
    [{ routeTimeoutMs: 350 }, Infinity, 350],
    [{}, 100, 100],
    [{}, Infinity, 0],
  ])('%j with %s ms left: %s ms', (options, leftMs, routeTimeoutMs) => {
    expect(new TimeoutPolicy(options).within(leftMs).routeTimeoutMs).toBe(routeTimeoutMs);
  });

  it('gives no try the time that the request does not have', () => {
    expect(new TimeoutPolicy({ perTryTimeoutMs: 200 }).within(100).perTryTimeoutMs).toBe(0);
    expect(new TimeoutPolicy({ perTryTimeoutMs: 200 }).within(300).perTryTimeoutMs).toBe(200);
  });

  describe('for a gRPC call', () => {
    it.each([
      [{ routeTimeoutMs: 350 }, undefined, 350],
      [{ routeTimeoutMs: 350 }, '100m', 100],
      [{ routeTimeoutMs: 350 }, '5S', 350],
      [{ routeTimeoutMs: 350 }, 'soon', 350],
      [{}, '2S', 2000],
      [{}, undefined, 0],
      [{}, '0m', 0],
      [{}, '', 0],
    ])('%j with grpc-timeout %j: %s ms', (options, header, routeTimeoutMs) => {
      expect(new TimeoutPolicy(options).grpc(header).routeTimeoutMs).toBe(routeTimeoutMs);
    });

    it.each([undefined, '350m', '1S', '0m'])('is the same policy where %j changes nothing', (header) => {
      const policy = new TimeoutPolicy({ routeTimeoutMs: 350 });

      expect(policy.grpc(header)).toBe(policy);
    });

    it('weighs the time of a try against the timeout that counts', () => {
      const policy = new TimeoutPolicy({ routeTimeoutMs: 150, perTryTimeoutMs: 200 });
      const unlimited = new TimeoutPolicy({ perTryTimeoutMs: 200 });

      expect(policy.perTryTimeoutMs).toBe(0);
      expect(unlimited.grpc('1S').perTryTimeoutMs).toBe(200);
      expect(unlimited.grpc('100m').perTryTimeoutMs).toBe(0);
    });
  });
});
