import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSafeRetries, retrySafety } from '../../../src/config/extensions/safe-retries.ts';
import { parseFaultScope, ruleExtensions } from '../../../src/config/extensions/rule-extensions.ts';
import { parseStickyBy } from '../../../src/config/extensions/sticky-by.ts';

describe('sticky-by', () => {
  it.each([
    ['header End-User', { keys: [{ kind: 'header', name: 'end-user' }], salt: 'own' }],
    ['Header x, cookie SID , query u', { keys: [{ kind: 'header', name: 'x' }, { kind: 'cookie', name: 'SID' }, { kind: 'query', name: 'u' }], salt: 'own' }],
    ['cookie sid salt spring', { keys: [{ kind: 'cookie', name: 'sid' }], salt: 'spring' }],
    ['header salt', { keys: [{ kind: 'header', name: 'salt' }], salt: 'own' }],
  ])('%j', (text, expected) => expect(parseStickyBy(text, 'own')).toEqual(expected));

  it.each(['', 'x-user', 'header', 'header a b', 'source-ip', 'header a,', 'header a; cookie b', 'header a salt', 'header é', `header ${'a'.repeat(101)}`])('not %j', (text) => {
    expect(parseStickyBy(text, 'own')).toBeUndefined();
  });
});

describe('fault-scope', () => {
  it.each(['request', 'attempt', 'host'])('%j', (text) => expect(parseFaultScope(text)).toBe(text));
  it.each(['', 'Attempt', 'attempts', 'toString'])('not %j', (text) => expect(parseFaultScope(text)).toBeUndefined());
});

describe('safe-retries', () => {
  it.each([
    ['true', { budgetPercent: 20, leastPerSecond: 3, leastTimeMs: 1 }],
    ['TRUE', { budgetPercent: 20, leastPerSecond: 3, leastTimeMs: 1 }],
    ['budget 10%', { budgetPercent: 10, leastPerSecond: 3, leastTimeMs: 1 }],
    ['time 50ms, budget 12.5 %, least 0/s', { budgetPercent: 12.5, leastPerSecond: 0, leastTimeMs: 50 }],
    ['false', false],
  ])('%j', (text, expected) => expect(parseSafeRetries(text)).toEqual(expected));

  it.each(['', 'yes', 'budget 101%', 'budget 10', 'budget -1%', 'least 2000/s', 'time 0s', 'time 2h', 'time soon', 'budget 10%,'])('not %j', (text) => {
    expect(parseSafeRetries(text)).toBeUndefined();
  });

  it('as an option of a mesh', () => {
    expect([undefined, false].map(retrySafety)).toEqual([undefined, undefined]);
    expect(retrySafety(true)).toEqual({ budgetPercent: 20, leastPerSecond: 3, leastTimeMs: 1 });
    expect(retrySafety({ budgetPercent: 5 })).toEqual({ budgetPercent: 5, leastPerSecond: 3, leastTimeMs: 1 });
    expect(() => retrySafety({ leastTimeMs: 0 })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringContaining('leastTimeMs from 1') }));
    expect(() => retrySafety({ budgetPercent: Number.NaN })).toThrow();
    expect(() => retrySafety({ leastPerSecond: '3' as never })).toThrow();
    expect(() => retrySafety('true' as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  });
});

describe('annotations of a rule', () => {
  const of = (annotations: Record<string, string>, rule?: string) => ruleExtensions({ annotations, namespace: 'shop', name: 'reviews' }, rule);

  it('are what they ask for it, salted by the resource', () => {
    const annotations = { 'ts-mesh.dev/sticky-by': 'header u for a', 'ts-mesh.dev/fault-scope': 'host; request for a', 'ts-mesh.dev/safe-retries': 'false' };

    expect(of(annotations, 'a')).toEqual({ sticky: { keys: [{ kind: 'header', name: 'u' }], salt: 'shop/reviews' }, faultScope: 'request', retrySafety: false });
    expect(of(annotations)).toEqual({ faultScope: 'host', retrySafety: false });
    expect(of({})).toBeUndefined();
  });

  it('never fail, whatever they say', () => {
    fc.assert(
      fc.property(fc.constantFrom('sticky-by', 'fault-scope', 'safe-retries', 'x', '__proto__'), fc.oneof(fc.string(), fc.stringMatching(/^(header|cookie|budget|least|for|salt|[a-z0-9%;, /])*$/)), (name, value) => {
        of({ [`ts-mesh.dev/${name}`]: value }, 'a');
      }),
    );
  });
});
