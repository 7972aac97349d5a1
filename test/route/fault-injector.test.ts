import { describe, expect, it } from 'vitest';
import { sequence } from '../../src/testing/sequence.ts';
import { checkFault, FaultInjector } from '../../src/route/fault-injector.ts';
import type { FaultOptions } from '../../src/route/model.ts';

describe('FaultInjector', () => {
  it.each([
    { percentage: 25, roll: 0.249999, delayMs: 700 },
    { percentage: 25, roll: 0.25, delayMs: 0 },
    { percentage: 100, roll: 0.999999, delayMs: 700 },
    // Istio counts in millionths, and cuts.
    { percentage: 0.0001, roll: 0, delayMs: 700 },
    { percentage: 0.0001, roll: 0.000001, delayMs: 0 },
    { percentage: 0.00019, roll: 0.000001, delayMs: 0 },
  ])('a roll of $roll against $percentage % waits $delayMs ms', ({ percentage, roll, delayMs }) => {
    const faults = new FaultInjector({ delay: { fixedDelayMs: 700, percentage } });

    expect(faults.decide(sequence(roll))).toEqual({ delayMs, abort: undefined });
  });

  it('rolls the delay before the abort, each for itself', () => {
    const faults = new FaultInjector({
      delay: { fixedDelayMs: 700, percentage: 50 },
      abort: { httpStatus: 503, percentage: 50 },
    });

    expect(faults.decide(sequence(0.1, 0.9))).toEqual({ delayMs: 700, abort: undefined });
    expect(faults.decide(sequence(0.9, 0.1))).toMatchObject({ delayMs: 0, abort: { httpStatus: 503 } });
    expect(faults.decide(sequence(0.1, 0.1))).toMatchObject({ delayMs: 700, abort: { httpStatus: 503 } });
    expect(faults.decide(sequence(0.9, 0.9))).toEqual({ delayMs: 0, abort: undefined });
  });

  it('aborts with a gRPC status', () => {
    const faults = new FaultInjector({ abort: { grpcStatus: 14, percentage: 100 } });

    expect(faults.decide(sequence(0.5)).abort).toMatchObject({ grpcStatus: 14 });
  });

  it.each<[string, FaultOptions]>([
    ['no fault is configured', {}],
    ['the percentages are left out', { delay: { fixedDelayMs: 5000 }, abort: { httpStatus: 500 } }],
    ['the percentages are below what Istio can express', { delay: { fixedDelayMs: 1, percentage: 0.00009 } }],
    ['the abort has no kind', { abort: { percentage: 100 } }],
  ])('draws nothing and does nothing when %s', (_, options) => {
    expect(new FaultInjector(options).decide(sequence())).toEqual({ delayMs: 0, abort: undefined });
  });

  it('decides without making an object when nothing happens', () => {
    const faults = new FaultInjector({ delay: { fixedDelayMs: 700, percentage: 50 } });

    expect(faults.decide(sequence(0.9))).toBe(faults.decide(sequence(0.8)));
  });

  it('refuses bad options, naming field and value', () => {
    expect(() => new FaultInjector({ abort: { httpStatus: 42 } })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_CONFIG', message: 'abort.httpStatus must be 200 to 600, got 42' }),
    );
  });
});

describe('checkFault', () => {
  it('names each value and what it must be', () => {
    const problems = checkFault({ delay: { fixedDelayMs: 0.5, percentage: 101 }, abort: { httpStatus: 99, grpcStatus: -1, percentage: -1 } });

    expect(problems.map(({ path, problem }) => `${path} ${problem}`)).toEqual([
      'delay.fixedDelay must be at least 1ms, got 0.5ms',
      'abort.httpStatus must be 200 to 600, got 99',
      'abort.grpcStatus must be 0 to 16, got -1',
      'delay.percentage must be 0 to 100, got 101',
      'abort.percentage must be 0 to 100, got -1',
    ]);
  });

  it.each<[FaultOptions, string[]]>([
    [{ delay: { fixedDelayMs: 0, percentage: 100.1 } }, ['delay.fixedDelay', 'delay.percentage']],
    [{ delay: { fixedDelayMs: 1.5 } }, ['delay.fixedDelay']],
    [{ abort: { httpStatus: 199 } }, ['abort.httpStatus']],
    [{ abort: { httpStatus: 601, percentage: -1 } }, ['abort.httpStatus', 'abort.percentage']],
    [{ abort: { grpcStatus: 17 } }, ['abort.grpcStatus']],
    [{ abort: { percentage: Number.NaN } }, ['abort.percentage']],
    [{ delay: { fixedDelayMs: 1, percentage: 100 }, abort: { httpStatus: 600, percentage: 0.0001 } }, []],
    [{ abort: { httpStatus: 200 } }, []],
    [{ abort: { grpcStatus: 0 } }, []],
  ])('%j has issues at %j', (options, paths) => {
    expect(checkFault(options).map((issue) => issue.path)).toEqual(paths);
  });
});
