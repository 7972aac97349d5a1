import { describe, expect, it } from 'vitest';
import { parseDocuments } from '../../src/config/yaml-documents.ts';

const place = (line: number, column: number): object => ({ file: 'a.yaml', line, column });
const parse = (text: string, options = {}): ReturnType<typeof parseDocuments> => parseDocuments(text, 'a.yaml', options);

describe('parseDocuments', () => {
  it('gives the documents that are not empty', () => {
    const { documents, issues } = parse('---\n# nothing\n---\na: 1\n---\n---\n[x]\n...\n');

    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, ['x']]);
    expect(issues).toEqual([]);
  });

  it('knows where values and keys stand, in block and flow style, below the document separator', () => {
    const { documents } = parse('x: 1\n---\nspec:\n  http:\n  - timeout: 5s\n    route: [{weight: 1}, {weight: 22}]\n  empty:\n  - a\n');
    const document = documents[1]!;

    expect(document.locate('spec.http[0].timeout')).toEqual(place(5, 14));
    expect(document.locateKey('spec.http[0].timeout')).toEqual(place(5, 5));
    expect(document.locate('spec.http[0].route[1].weight')).toEqual(place(6, 35));
    expect(document.locate('spec.http[0]')).toEqual(place(5, 5));
    expect(document.locate('')).toEqual(place(3, 1));
  });

  it('gives the nearest parent of what is absent', () => {
    const document = parse('spec:\n  http:\n  - timeout: 5s\n').documents[0]!;

    expect(document.locate('spec.http[0].retries.attempts')).toEqual(place(3, 5));
    expect(document.locate('spec.http[7]')).toEqual(place(3, 3));
    expect(document.locate('nowhere')).toEqual(place(1, 1));
  });

  it('places an empty value at its key', () => {
    expect(parse('a: 1\nspec:\n\nb: 2\n').documents[0]!.locate('spec')).toEqual(place(2, 1));
  });

  it('finds a field in either of its spellings', () => {
    const document = parse('mirror_percent: 100\nhttp2MaxRequests: 1\n').documents[0]!;

    expect(document.locate('mirrorPercent')).toEqual(place(1, 17));
    expect(document.locate('http2MaxRequests')).toEqual(place(2, 19));
  });

  it.each([
    ['JSON', '{"a": [1, {"b": "c"}], "d": null}', { a: [1, { b: 'c' }], d: null }],
    ['JSON with tabs', '{\n\t"a": [\n\t\t1\n\t]\n}\n', { a: [1] }],
    ['a byte order mark', '\uFEFFa: 1', { a: 1 }],
    ['CRLF', 'a: 1\r\nb:\r\n- x\r\n', { a: 1, b: ['x'] }],
    ['quoted scalars, which stay text', `a: "1"\nb: 'true'\nc: !!str 5\nd: !!int "6"`, { a: '1', b: 'true', c: '5', d: 6 }],
    ['block scalars', 'a: |\n  1\n  2\nb: >-\n  x\n  y\n', { a: '1\n2\n', b: 'x y' }],
    ['keys that are no text', '80: a\ntrue: b\n~: c\n', { 80: 'a', true: 'b', '~': 'c' }],
    ['anchors and aliases', 'a: &x {k: 1}\nb: *x\nc: [*x]', { a: { k: 1 }, b: { k: 1 }, c: [{ k: 1 }] }],
    ['anchors on keys', '&k name: 1\nb: *k', { name: 1, b: 'name' }],
    ['merge keys', 'base: &b {x: 1, y: 1}\nm: {<<: *b, y: 2}\nn: {<<: [{z: 3}, {z: 4, w: 5}]}', { base: { x: 1, y: 1 }, m: { x: 1, y: 2 }, n: { z: 3, w: 5 } }],
  ])('reads %s', (_, text, value) => {
    const { documents, issues } = parse(text);

    expect(issues).toEqual([]);
    expect(documents[0]?.value).toEqual(value);
  });

  it('takes prototype names for plain keys', () => {
    const value = parse('__proto__: {polluted: true}\nconstructor: x').documents[0]!.value as object;

    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ['a syntax error', 'a: 1\nb: [1,\nc: 2\n', 'ERR_YAML', 3],
    ['a tab as indent', 'a:\n\tb: 1\n', 'ERR_YAML', 2],
    ['a key given twice', 'a: 1\nb: 2\na: 3\n', 'ERR_DUPLICATE_KEY', 3],
    ['an unknown alias', 'a: 1\nb: *nobody\n', 'ERR_YAML', 2],
    ['an alias in its own anchor', 'a: &a\n- *a\n', 'ERR_YAML', 2],
    ['a map as a key', '{a: 1}: 2\n', 'ERR_YAML', 1],
    ['a merge of no map', 'a: 1\n<<: 5\n', 'ERR_YAML', 2],
    ['binary data', 'a: 1\nb: \0\u0001\n', 'ERR_BINARY', 2],
    ['bytes that are no UTF-8', 'a: 1\n\uFFFD\uFFFD\n', 'ERR_BINARY', 2],
  ])('refuses %s, with its line', (_, text, code, line) => {
    const { documents, issues } = parse(text);

    expect(documents).toEqual([]);
    expect(issues[0]).toMatchObject({ severity: 'error', code, line, file: 'a.yaml' });
  });

  it('tells what parts two resources of a file', () => {
    const { issues } = parse('apiVersion: v1\nkind: Service\napiVersion: v1\nkind: Pod\na: 1\na: 2\n');

    const parted = 'remove one of them; where a further resource begins, put a line --- before it';
    expect(issues.map(({ line, hint }) => [line, hint])).toEqual([[3, parted], [4, parted], [6, 'remove one of them']]);
  });

  it('keeps the good documents beside a bad one', () => {
    const { documents, issues } = parse('a: 1\n---\nb: [1\n---\nc: 3\n');

    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, { c: 3 }]);
    expect(issues[0]?.line).toBe(4);
  });

  it('takes a key that overrides a merged one as a duplicate when reading strictly', () => {
    const text = 'base: &b {x: 1}\nm:\n  <<: *b\n  x: 2\n';

    expect(parse(text).issues).toEqual([]);
    expect(parse(text, { strict: true }).issues[0]).toMatchObject({ code: 'ERR_DUPLICATE_KEY' });
  });

  it('refuses an alias bomb without expanding it', () => {
    const levels = Array.from({ length: 60 }, (_, at) => `l${at + 1}: &l${at + 1} [${Array(9).fill(`*l${at}`).join(', ')}]`);
    const { documents, issues } = parse(`l0: &l0 [lol]\n${levels.join('\n')}\n`);

    expect(documents).toEqual([]);
    expect(issues.map(({ code }) => code)).toEqual(['ERR_TOO_MANY_ALIASES']);
  });

  it('bounds an alias bomb made of merges too', () => {
    const levels = Array.from({ length: 40 }, (_, at) => `l${at + 1}: &l${at + 1} {a: *l${at}, b: *l${at}, <<: *l${at}}`);

    expect(parse(`l0: &l0 {x: y}\n${levels.join('\n')}\n`).issues.map(({ code }) => code)).toEqual(['ERR_TOO_MANY_ALIASES']);
  });

  it.each([
    ['brackets', '['.repeat(20_000)],
    ['closed brackets', '['.repeat(3000) + ']'.repeat(3000)],
    ['block maps', Array.from({ length: 400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('refuses deep nesting of %s', (_, text) => {
    const { documents, issues } = parse(text);

    expect(documents).toEqual([]);
    expect(issues.length).toBeGreaterThan(0);
    expect(issues.length).toBeLessThan(5);
  });

  it('refuses a text that is too long, and one with too many documents', () => {
    expect(parse(`# ${'x'.repeat(16 * 1024 * 1024)}`).issues).toMatchObject([{ code: 'ERR_TOO_LARGE' }]);
    expect(parse('--- 1\n'.repeat(100_001)).issues).toMatchObject([{ code: 'ERR_TOO_LARGE' }]);
  });

  it('gives up a text that is all marks, and says where', () => {
    const { documents, issues } = parse(`[\n${'[],'.repeat(2_000_000)}]\n`);

    expect(documents).toEqual([]);
    expect(issues).toMatchObject([{ code: 'ERR_TOO_LARGE', line: 2, message: expect.stringContaining('what follows was not read') as string }]);
  }, 120_000);

  it('gives up a text of many mistakes, which cost more than what they are in', () => {
    expect(parse(']'.repeat(100_000)).issues).toMatchObject([{ code: 'ERR_TOO_LARGE', column: expect.any(Number) as number }]);
    const { issues } = parse('--- [\n'.repeat(10_000));
    expect(issues.length).toBeLessThan(1010);
    expect(issues.at(-1)).toMatchObject({ code: 'ERR_TOO_LARGE', message: 'what follows was not read: there are too many problems' });
  });

  it('tells the first mistakes of a document, and of the next one too', () => {
    const { issues } = parse(`--- [a]${'[]'.repeat(10)}\n--- [b]${'[]'.repeat(10)}\n---\nc: 1\n`);

    expect(issues.map(({ line }) => line)).toEqual([1, 1, 1, 2, 2, 2]);
  });

  it('tells a mistake that comes after many things the library warns of', () => {
    const { documents, issues } = parse(`a: [${'!what x, '.repeat(20)}]\nb: [1\n`);

    expect(documents).toEqual([]);
    expect(issues[0]).toMatchObject({ severity: 'error', code: 'ERR_YAML' });
  });

  it('bounds what all aliases of a text stand for', () => {
    const document = `--- {a: &a [${'x,'.repeat(200)}], b: [${'*a,'.repeat(200)}]}\n`;

    expect(parse(document).issues).toEqual([]);
    expect(parse(document.repeat(20)).issues[0]).toMatchObject({ code: 'ERR_TOO_MANY_ALIASES', line: 13 });
  });

  it('tells mistakes in short, whatever they are in', () => {
    const { issues } = parse(`%YAML ${'1'.repeat(100_000)}\n---\na: 1\n`);

    expect(issues[0]?.message.length).toBeLessThanOrEqual(500);
  });

  it('knows the places of the entries of a long list, in whatever order they are asked for', () => {
    const document = parse(`a:\n${'- b: 1\n'.repeat(1000)}`).documents[0]!;

    for (const at of [0, 999, 5, 64, 63, 500, 501, 500]) expect(document.locate(`a[${at}].b`)).toEqual(place(at + 2, 6));
    expect(document.locate('a[1000].b')).toEqual(place(2, 1));
  });

  it('maps places within a literal block to the outer lines', () => {
    const document = parse('data:\n  mesh: |-\n    a:\n      b: 1\n  folded: >\n    x\n').documents[0]!;

    expect(document.locateInText('data.mesh', 2, 6)).toEqual(place(4, 10));
    expect(document.locateInText('data.folded', 1, 1)).toEqual(place(5, 11));
  });
});
