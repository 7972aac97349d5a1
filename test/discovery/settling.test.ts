import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Settling } from '../../src/discovery/settling.ts';

const TIMES = { quietMs: 100, emptiedMs: 1000, patienceMs: 5000 };

/** Looks as [time, what is seen], and what comes of each: `same`, `settled`, or how long to wait. */
function looks(observed: readonly (readonly [number, string])[], empty = ''): (string | number)[] {
  const settling = new Settling(TIMES, 'before');
  return observed.map(([now, seen]) => {
    const verdict = settling.observe(seen, seen === empty, now);
    return verdict.kind === 'moving' ? verdict.waitMs : verdict.kind;
  });
}

describe('Settling', () => {
  it.each([
    ['unchanged files are the same', [[0, 'before'], [9999, 'before']], ['same', 'same']],
    ['a change is read after the quiet time', [[0, 'a'], [99, 'a'], [100, 'a']], [100, 1, 'settled']],
    ['each change begins it anew', [[0, 'a'], [90, 'b'], [100, 'b'], [190, 'b']], [100, 100, 90, 'settled']],
    ['a change taken back is none', [[0, 'a'], [50, 'before'], [200, 'before']], [100, 'same', 'same']],
    ['a change that comes again after that begins anew', [[0, 'a'], [50, 'before'], [99, 'a'], [100, 'a'], [199, 'a']], [100, 'same', 100, 99, 'settled']],
    ['looks that come late find it settled', [[0, 'a'], [7000, 'a']], [100, 'settled']],
  ] as const)('%s', (_what, observed, verdicts) => {
    expect(looks(observed)).toEqual(verdicts);
  });

  it('gives an emptied file more time, and none more once it is filled', () => {
    expect(looks([[0, 'void'], [100, 'void'], [999, 'void'], [1000, 'void']], 'void')).toEqual([1000, 900, 1, 'settled']);
    expect(looks([[0, 'void'], [500, 'full'], [600, 'full']], 'void')).toEqual([1000, 100, 'settled']);
  });

  it('loses patience with files that never rest', () => {
    const restless = Array.from({ length: 60 }, (_, i) => [i * 90, `state ${i}`] as const);
    const verdicts = looks(restless);

    expect(verdicts.indexOf('settled')).toBe(Math.ceil(5000 / 90));
    expect(verdicts.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => 100));
  });

  it('begins anew after each reading', () => {
    const settling = new Settling(TIMES, 'before');
    settling.observe('a', false, 0);
    settling.recordRead('a');

    expect(settling.observe('a', false, 100)).toEqual({ kind: 'same' });
    expect(settling.observe('before', false, 200)).toEqual({ kind: 'moving', waitMs: 100 });
    expect(settling.isOverdue(5199)).toBe(false);
    expect(settling.isOverdue(5200)).toBe(true);
    settling.recordRead('before');
    expect(settling.isOverdue(9999)).toBe(false);
  });

  it('never reads what changed within the quiet time, unless patience is lost', () => {
    const look = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.constantFrom('before', 'a', 'b'));
    fc.assert(
      fc.property(fc.array(look, { maxLength: 60 }), (steps) => {
        const settling = new Settling(TIMES, 'before');
        let now = 0;
        let read = 'before';
        let seen = 'before';
        let seenAt = 0;
        for (const [wait, state] of steps) {
          now += wait;
          if (state !== seen) [seen, seenAt] = [state, now];
          const { kind } = settling.observe(state, false, now);
          expect(kind === 'same').toBe(state === read);
          if (kind !== 'settled') continue;
          expect(now - seenAt >= TIMES.quietMs || settling.isOverdue(now)).toBe(true);
          settling.recordRead(state);
          read = state;
        }
      }),
    );
  });

  it('reads, sooner or later, whatever is looked at as often as it says', () => {
    const change = fc.tuple(fc.integer({ min: 1, max: 250 }), fc.string({ minLength: 1, maxLength: 2 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), (changes) => {
        const settling = new Settling(TIMES, 'before');
        let now = 0;
        let state = 'before';
        let read = 'before';
        const lookUntil = (end: number): void => {
          for (;;) {
            const verdict = settling.observe(state, false, now);
            if (verdict.kind === 'settled') settling.recordRead((read = state));
            const next = now + (verdict.kind === 'moving' ? verdict.waitMs : 50);
            if (next > end) break;
            now = next;
          }
          now = end;
        };
        for (const [wait, next] of changes) {
          state = next;
          lookUntil(now + wait);
        }
        lookUntil(now + TIMES.quietMs);
        expect(read).toBe(state);
      }),
    );
  });
});
