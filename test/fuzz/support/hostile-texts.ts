import type { Contained } from './contained.ts';
import { judgeText } from './judge-text.ts';

/** The largest text that is read at all, almost. */
const LARGEST = 16 * 1024 * 1024 - 64;

const each = (count: number, item: (i: number) => string, separator = ''): string => Array.from({ length: count }, (_, i) => item(i)).join(separator);

/**
 * Texts that were written to do harm: each is as large, as deep or as tangled as its kind can be. What matters of the verdict
 * is that there is one, soon and within the memory of a small process. `size` makes all of them smaller.
 */
function hostileTexts(size: number): Readonly<Record<string, () => string>> {
  const MANY = Math.ceil(1_000_000 * size);
  const LONG = Math.ceil(LARGEST * size);
  const DEEP = Math.ceil(100_000 * size);
  const fill = (unit: string): string => unit.repeat(Math.floor(LONG / unit.length));
  return {
    // ---- size of one thing
    'a plain scalar': () => `a: ${fill('x')}`,
    'a plain scalar of words': () => `a: ${fill('x ')}`,
    'a quoted scalar': () => `a: "${fill('x')}"`,
    'a quoted scalar of escapes': () => `a: "${fill('\\x41')}"`,
    'a quoted scalar of bad escapes': () => `a: "${fill('\\q')}"`,
    'a quoted scalar of lines': () => `a: "${fill('x\n ')}"`,
    'a quoted scalar of folded lines': () => `a: "${fill('x\\\n ')}"`,
    'a single-quoted scalar of quotes': () => `a: '${fill("''")}'`,
    'a plain scalar of lines': () => `a: ${fill('x\n ')}`,
    'a block scalar of lines': () => `a: |\n${fill('  x\n')}`,
    'a folded scalar of lines': () => `a: >\n${fill('  x\n')}`,
    'a block scalar of blank lines': () => `a: |\n${fill('\n')}`,
    'a folded scalar of deeper and deeper lines': () => `a: >\n${each(Math.ceil(4000 * Math.sqrt(size)), (i) => `${' '.repeat(i + 1)}x\n`)}`,
    'a key': () => `${fill('k')}: 1`,
    'an explicit key': () => `? ${fill('k')}\n: 1`,
    'a quoted key in braces': () => `{"${fill('k')}": 1}`,
    'a comment': () => `# ${fill('x')}\na: 1`,
    'comments': () => '# x\n'.repeat(MANY),
    'comments in a map': () => `a:\n${'  # x\n'.repeat(MANY)}  b: 1\n`,
    'comments in brackets': () => `[${'# x\n'.repeat(MANY)}]`,
    'line breaks': () => fill('\n'),
    'carriage returns and line breaks': () => fill('\r\n'),
    'carriage returns': () => fill('a\r'),
    'blanks': () => fill(' '),
    'tabs': () => fill('\t'),
    'blanks and line breaks': () => fill(' \n'),
    'blanks after a key': () => `a:${fill(' ')}1`,
    'a tag': () => `a: !${fill('x')} 1`,
    'an anchor': () => `a: &${fill('x')} 1\nb: *x`,
    'a directive': () => `%YAML ${fill('1')}\n---\na: 1`,
    'directives': () => `${'%TAG ! tag:x,2000:\n'.repeat(MANY / 4)}---\na: 1`,
    'a number': () => `a: ${fill('9')}`,
    'a number in hexadecimal': () => `a: 0x${fill('f')}`,
    'a number of underscores': () => `a: 1${fill('_')}1`,
    'a number of dots': () => `a: 1${fill('.')}`,
    'text that was never closed': () => `a: "${fill('x ')}`,
    'byte order marks': () => fill('\uFEFF'),
    'lone surrogates': () => `a: ${fill('\uD800')}`,

    // ---- number of things
    'documents': () => '--- a\n'.repeat(MANY),
    'empty documents': () => '---\n'.repeat(MANY),
    'ends of documents': () => '...\n'.repeat(MANY),
    'bad documents': () => '--- [\n'.repeat(MANY),
    'keys': () => each(MANY, (i) => `k${i}: 1`, '\n'),
    'equal keys': () => 'k: 1\n'.repeat(MANY),
    'keys in braces': () => `{${each(MANY, (i) => `k${i}: 1`, ',')}}`,
    'keys without values': () => `{${each(MANY, (i) => `k${i}`, ',')}}`,
    'entries': () => '- 1\n'.repeat(2 * MANY),
    'empty entries': () => '-\n'.repeat(2 * MANY),
    'empty lists': () => `[${'[],'.repeat(5 * MANY)}]`,
    'empty maps': () => `[${'{},'.repeat(5 * MANY)}]`,
    'lists without commas': () => '[]'.repeat(5 * MANY),
    'lists without commas in a list': () => `[${'[]'.repeat(5 * MANY)}]`,
    'commas': () => `[${','.repeat(5 * MANY)}]`,
    'closing brackets': () => ']'.repeat(5 * MANY),
    'closing braces in a list': () => `[${'}'.repeat(5 * MANY)}]`,
    'quotes': () => '""'.repeat(2 * MANY),
    'tags': () => '! '.repeat(5 * MANY),
    'anchors on one thing': () => '&a '.repeat(3 * MANY),
    'anchors': () => each(MANY / 2, (i) => `- &a${i} x\n`),
    'aliases': () => `- &a x\n${'- *a\n'.repeat(MANY)}`,
    'aliases of a list': () => `- &a [${'x,'.repeat(100)}]\n${'- *a\n'.repeat(MANY / 2)}`,
    'unknown aliases': () => '- *a\n'.repeat(MANY),
    'merges': () => `a: &a {x: 1}\nb:\n${'  <<: *a\n'.repeat(MANY / 4)}`,
    'merges of large maps': () => `a: &a {${each(400, (i) => `k${i}: 1`, ',')}}\n${each(MANY / 40, (i) => `b${i}: {<<: *a}\n`)}`,
    'explicit keys': () => '? a\n'.repeat(MANY),
    'colons': () => ': '.repeat(5 * MANY),
    'colons in braces': () => `{${': '.repeat(5 * MANY)}}`,
    'lines that begin with a quote': () => '"\n'.repeat(MANY),
    'lines that begin with a tab': () => 'a:\n\tb\n'.repeat(MANY / 2),
    'lines that begin with a reserved character': () => '@\n'.repeat(MANY),
    'block scalars': () => '- |\n x\n'.repeat(MANY),
    'maps on one line': () => 'a: b: '.repeat(MANY),
    'lines that are less and less deep': () => each(Math.ceil(4000 * Math.sqrt(size)), (i) => `${' '.repeat(Math.max(0, 4000 - i))}- a\n`),

    // ---- depth
    'open lists': () => '['.repeat(DEEP),
    'closed lists': () => '['.repeat(DEEP) + ']'.repeat(DEEP),
    'open maps': () => '{'.repeat(DEEP),
    'maps in maps': () => '{a: '.repeat(DEEP),
    'maps as keys of maps': () => '{? '.repeat(DEEP),
    'lists and maps': () => '[{a: '.repeat(DEEP),
    'dashes': () => '- '.repeat(DEEP),
    'question marks': () => '? '.repeat(DEEP),
    'compact maps': () => 'a: '.repeat(DEEP),
    'ever deeper blocks': () => each(Math.ceil(5000 * Math.sqrt(size)), (i) => `${' '.repeat(i)}a:\n`),
    'ever deeper entries': () => each(Math.ceil(5000 * Math.sqrt(size)), (i) => `${' '.repeat(i)}-\n`),
    'tags of open lists': () => `${'!a '.repeat(DEEP)}${'['.repeat(DEEP)}`,
    'aliases within their own anchors': () => `${each(DEEP / 10, (i) => `&a${i} [`)}*a0`,

    // ---- bombs
    'a bomb of lists': () => `a0: &a0 [x]\n${each(100, (i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]\n`)}`,
    'a bomb of maps': () => `a0: &a0 {x: y}\n${each(100, (i) => `a${i + 1}: &a${i + 1} {a: *a${i}, b: *a${i}}\n`)}`,
    'a bomb of merges': () => `a0: &a0 {x: y}\n${each(100, (i) => `a${i + 1}: &a${i + 1} {a: *a${i}, b: *a${i}, <<: *a${i}}\n`)}`,
    'a bomb in every document': () => each(MANY / 400, () => `--- {a: &a [${'x,'.repeat(200)}], b: &b [${'*a,'.repeat(240)}]}\n`),
    'bombs in mesh configs': () => each(MANY / 2000, () => `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\ndata: {mesh: "a0: &a0 [x]\\n${each(30, (i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]\\n`)}"}\n`),
  };
}

/** What there is to run, by name. */
export function contents(size: number): Contained {
  return Object.fromEntries(Object.entries(hostileTexts(size)).map(([name, make]) => [name, () => judgeText(make())]));
}
