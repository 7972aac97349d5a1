import { describe, expect, it } from 'vitest';
import { Cursor } from '../../../src/config/checks/cursor.ts';
import { IssueLog } from '../../../src/config/checks/issue-log.ts';
import { objectDocuments } from '../../../src/config/objects.ts';
import { fullBudget } from '../../../src/config/read-options.ts';
import { decode } from '../../../src/config/schema/decoder.ts';
import { any, anyDuration, bool, double, enumOf, int32, integerOrText, list, map, message, openMessage, text, uint32, uint64, type Field } from '../../../src/config/schema/field.ts';
import { suggest } from '../../../src/config/schema/suggestion.ts';

const inner = message('Inner', { number: int32 });
const outer = message('Outer', { name: text, items: list(inner), labels: map(text), matchers: map(inner), maxCount: uint32 });

function run(field: Field, value: unknown, protobuf = true): { value: unknown; issues: string[] } {
  const [document] = objectDocuments({ value }).documents;
  const log = new IssueLog(document!, 'It');
  const at = new Cursor({ log, name: 'it', namespace: 'default', labels: {}, strict: false, legacySemantics: true, rules: 'apply', budget: fullBudget() }).to('value');
  return { value: decode(field, value, at, { protobuf }), issues: log.issues.map(({ code, path }) => `${code} ${path}`) };
}

describe('decode', () => {
  it.each<[string, Field, unknown, unknown]>([
    ['text', text, 'a', 'a'],
    ['an integer', int32, -5, -5],
    ['a quoted integer', int32, '-5', -5],
    ['a quoted number', double, '1.5e1', 15],
    ['a boolean', bool, false, false],
    ['a YAML 1.1 boolean', bool, 'yes', true],
    ['a duration', anyDuration, '1h2m', '1h2m'],
    ['an enum by name', enumOf('A', 'B'), 'B', 'B'],
    ['an enum by number', enumOf('A', 'B'), 1, 'B'],
    ['a port name or number', integerOrText, 'http', 'http'],
    ['anything', any, { a: [null] }, { a: [null] }],
    ['nothing for null scalars, lists and messages', outer, { name: null, items: null, labels: null, maxCount: null }, {}],
    ['empty ones for null entries', outer, { items: [null, { number: 1 }], labels: { a: null }, matchers: { b: null } }, { items: [{}, { number: 1 }], labels: { a: '' }, matchers: { b: {} } }],
    ['zero apart from absent', outer, { maxCount: 0 }, { maxCount: 0 }],
    ['snake case', outer, { max_count: 3 }, { maxCount: 3 }],
    ['an open message, of which only what is known', openMessage('Open', { a: text }), { a: 'x', b: { c: 1 } }, { a: 'x' }],
  ])('gives %s', (_, field, value, expected) => {
    expect(run(field, value)).toEqual({ value: expected, issues: [] });
  });

  it.each<[Field, unknown]>([
    [text, 5], [text, true], [text, ['a']], [int32, 1.5], [int32, 2 ** 31], [int32, '1.5'], [int32, ''], [uint32, -1], [uint64, 2 ** 60], [double, 'x'], [double, Infinity], [bool, 'true'], [bool, 1],
    [anyDuration, 5], [anyDuration, '5'], [anyDuration, '5 s'], [anyDuration, ''], [enumOf('A'), 'a'], [enumOf('A'), '0'], [list(text), 'a'], [list(text), { a: 1 }], [map(text), ['a']], [outer, 'x'], [integerOrText, 1.5],
  ])('refuses the wrong type: %j %j', (field, value) => {
    expect(run(field, value).issues).toEqual(['ERR_WRONG_TYPE value']);
  });

  it('takes neither snake case nor quoted numbers where JSON is plain', () => {
    expect(run(outer, { max_count: 1, maxCount: '2' }, false).issues).toEqual(['WARN_UNKNOWN_FIELD value.max_count', 'ERR_WRONG_TYPE value.maxCount']);
    expect(run(enumOf('A'), 0, false).issues).toEqual(['ERR_WRONG_TYPE value']);
  });

  it('takes an enum number that has no name for the default, with a warning', () => {
    expect(run(enumOf('A', 'B'), 99)).toEqual({ value: 'A', issues: ['WARN_UNKNOWN_ENUM_NUMBER value'] });
  });

  it('reports every field of the wrong type', () => {
    expect(run(outer, { name: 5, items: [{ number: 'x' }, 7], labels: { a: 1, b: 'c' }, nmae: 'x' }).issues).toEqual([
      'ERR_WRONG_TYPE value.name', 'ERR_WRONG_TYPE value.items[0].number', 'ERR_WRONG_TYPE value.items[1]', 'ERR_WRONG_TYPE value.labels.a', 'WARN_UNKNOWN_FIELD value.nmae',
    ]);
  });

  it('gives maps of the user\'s no prototype', () => {
    const { labels } = run(outer, { labels: JSON.parse('{"__proto__": "x", "constructor": "y"}') as unknown }).value as { labels: Record<string, string> };

    expect(Object.getPrototypeOf(labels)).toBeNull();
    expect(Object.keys(labels)).toEqual(['__proto__', 'constructor']);
  });
});

describe('suggest', () => {
  const names = ['timeout', 'retries', 'route', 'redirect', 'http1MaxPendingRequests', 'host'];
  it.each([['timeOut', 'timeout'], ['timout', 'timeout'], ['tiemout', 'timeout'], ['retires', 'retries'], ['maxPendingRequests', 'http1MaxPendingRequests'], ['http1_max_pending_requests', 'http1MaxPendingRequests'], ['hosts', 'host'], ['loadBalancing', undefined], ['x', undefined], ['', undefined], ['r'.repeat(1000), undefined]])(
    '%s → %s',
    (given, expected) => {
      expect(suggest(given, names)).toBe(expected);
    },
  );
});
