import { describe, expect, it } from 'vitest';
import { sameContent } from '../../src/config/same-content.ts';
import { read, resource } from './reading.ts';
import type { Resource } from '../../src/config/resource.ts';

const one = (spec: string, metadata = 'name: a'): Resource => read(resource('DestinationRule', spec, metadata)).resources[0]!;
const withSpec = (spec: unknown): Resource => ({ ...one('host: a'), spec });

describe('sameContent', () => {
  it('is not about the place', () => {
    const [first, second] = [one('host: a'), read(`\n\n# moved\n${resource('DestinationRule', 'host: a', 'name: a')}`).resources[0]!];

    expect(first.locate('').line).not.toBe(second.locate('').line);
    expect(sameContent(first, { ...second, order: 7 })).toBe(true);
  });

  it.each([
    ['a value', one('host: b')],
    ['one more field', one('host: a\nexportTo: ["*"]')],
    ['a label', one('host: a', 'name: a, labels: {x: y}')],
    ['an annotation', one('host: a', 'name: a, annotations: {x: y}')],
    ['the time of creation', one('host: a', 'name: a, creationTimestamp: "2024-05-01T10:00:00Z"')],
    ['the API version', { ...one('host: a'), apiVersion: 'networking.istio.io/v1alpha3' }],
  ])('tells %s', (_what, other) => {
    expect(sameContent(one('host: a'), other)).toBe(false);
    expect(sameContent(other, one('host: a'))).toBe(false);
  });

  it.each([
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [[1], [1, 2], false],
    [[], {}, false],
    [null, {}, false],
    [{ a: undefined }, {}, true],
    [{ a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 1 }] } }, true],
    [{ a: { b: [{ c: 1 }] } }, { a: { b: [{ c: '1' }] } }, false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [JSON.parse('{"__proto__": {"x": 1}}'), {}, false],
    [{ toString: undefined }, {}, true],
    [Number.NaN, Number.NaN, true],
  ])('compares %j and %j', (a, b, same) => {
    expect(sameContent(withSpec(a), withSpec(b))).toBe(same);
    expect(sameContent(withSpec(b), withSpec(a))).toBe(same);
  });
});
