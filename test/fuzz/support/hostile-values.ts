import fc from 'fast-check';

/** Text that has made programs stumble. None of it means anything here. */
export const HOSTILE_STRINGS: readonly string[] = [
  '', ' ', '\t', '\n', '\r\n', '\0', '\u007f', '\u0085', '\u2028', '\uFEFF', '\uFFFD', '\uD800', '\uDC00\uD800', '💥', 'é', '\u202E', 'ﬀ', 'İ',
  'a\r\nx-forged: 1', 'a\nb', 'a\0b', '../../etc/passwd', '/../', '//', '/%2e%2e/', '/%00', '%', '%%', '%2', '%zz', '%REQ(x)%', '%REQ(', '%foo%', '%REQ(a)b%', '% %', '%REQ()%',
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__',
  '*', '*.', '.*', '*.*', '.', '..', ':', '::', '[::]', '[::1]:80', '1.2.3.4', '1.2.3.4/99', '0.0.0.0/0', 'a.b.c.d.', 'localhost:99999', 'http://u:p@h/', '-', '~', '~/*', './*', '@', '#', '?',
  'null', 'true', 'yes', 'NaN', '.inf', '-0', '0x', '0x1F', '1e999', '-1', '1_000', '9007199254740993', '99999999999999999999', '2001-01-01', '12:30:45', '=', '<<', '!!js/function',
  '0s', '-1s', '1', '1x', '1h2m3s4ms', '9999999999h', '.5s', '1e3s', '1ns',
  '(', '[', '(?', '\\', '\\1', '(a+)+$', '(?=a)', 'a{1001}', '((a{100}){100}){100}', '(((((((((a', '[[:foo:]]', '\\pL', '\\p{Greek}', '(?i)', '|', '*a', '(?P<n>a)(?P<n>b)',
  'x'.repeat(300), 'a.'.repeat(200), '/'.repeat(300), '('.repeat(2000), 'é'.repeat(300), '{"a":1}', '[]', "'", '"', '`', '${x}', '{{x}}', '<script>', 'SELECT 1;--',
];

export const hostileString: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE_STRINGS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);

const HOSTILE_SCALARS: readonly unknown[] = [
  null, true, false, 0, -0, 1, -1, 1.5, 65_536, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 1e-308, Infinity, -Infinity, NaN,
];

/** Any value that YAML or code could put where something else is expected. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_SCALARS) },
  { weight: 4, arbitrary: hostileString },
  { weight: 1, arbitrary: fc.constantFrom<unknown>([], {}, [[]], [{}], [null], { '': '' }, { a: null }, [[[[]]]], { a: { b: { c: [] } } }, ['a', 1, null, {}]) },
  { weight: 1, arbitrary: fc.array(hostileString, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(hostileString, fc.constantFrom(...HOSTILE_SCALARS, 'a', {}), { maxKeys: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);
