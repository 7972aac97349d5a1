import type { Survivor } from './report.ts';

/** Changes of one line that no test can notice, since what the program does stays the same. */
export interface Equivalent {
  readonly file: string;
  /** A piece of the line, enough to know it by. */
  readonly line: string;
  /** What stands there and what takes its place. */
  readonly changes: readonly (readonly [from: string, to: string])[];
  readonly why: string;
}

const PAST_THE_END = 'What lies one past the end is undefined, or NaN, and equals nothing.';
const FAST_PATH = 'Only spares work: the long way round gives the same answer.';

/** Known ones. They count as unnoticed all the same: a reason explains a score, it does not raise it. */
export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'src/route/authority.ts',
    line: "authority.lastIndexOf(']') > colon",
    changes: [["authority.lastIndexOf(']') > colon", "authority.lastIndexOf(']') >= colon"]],
    why: 'They are equal only when both are -1, which is the answer either way.',
  },
  {
    file: 'src/route/destination.ts',
    line: 'this.#rewrite = authority || rewrite ?',
    changes: [['authority || rewrite', 'true']],
    why: 'A rewrite without Host and path does nothing; it is spared.',
  },
  {
    file: 'src/route/filter-chains.ts',
    line: 'spec.destinationSubnets ?? []',
    changes: [['[]', '["Stryker was here"]']],
    why: 'A range that cannot be read is none.',
  },
  {
    file: 'src/route/filter-chains.ts',
    line: 'dot > 0;',
    changes: [['dot > 0', 'dot >= 0']],
    why: 'The search begins at 1.',
  },
  { file: 'src/route/forwarded-address.ts', line: 'i < headers.length', changes: [['i < headers.length', 'i <= headers.length']], why: PAST_THE_END },
  {
    file: 'src/route/grpc.ts',
    line: '!/^\\d{1,9}$/.test(value)',
    changes: [['value === undefined', 'false']],
    why: 'For the type checker: the text "undefined" is no number.',
  },
  {
    file: 'src/route/grpc.ts',
    line: '[HMSmun]$/.test(value)',
    changes: [['value === undefined', 'false']],
    why: 'For the type checker: the text "undefined" is no timeout.',
  },
  { file: 'src/route/hash-key.ts', line: 'i < headers.length', changes: [['i < headers.length', 'i <= headers.length']], why: PAST_THE_END },
  { file: 'src/route/header-condition.ts', line: 'i < headers.length', changes: [['i < headers.length', 'i <= headers.length']], why: PAST_THE_END },
  {
    file: 'src/route/header-operations.ts',
    line: 'remove = []',
    changes: [['[]', '["Stryker was here"]']],
    why: 'No header can have a name with spaces.',
  },
  {
    file: 'src/route/header-value.ts',
    line: 'default:',
    changes: [['default: return undefined;', 'default:']],
    why: 'A function that ends without `return` gives undefined.',
  },
  { file: 'src/route/own-hosts.ts', line: 'let hasWildcards = false', changes: [['false', 'true']], why: FAST_PATH },
  {
    file: 'src/route/own-hosts.ts',
    line: "host.startsWith('*')",
    changes: [["'*'", '""']],
    why: FAST_PATH,
  },
  {
    file: 'src/route/own-hosts.ts',
    line: 'this.#hasWildcards || into.#hasWildcards',
    changes: [['this.#hasWildcards || into.#hasWildcards', 'true']],
    why: FAST_PATH,
  },
  { file: 'src/route/own-hosts.ts', line: 'dot > 0;', changes: [['dot > 0', 'dot >= 0']], why: 'The search begins at 1.' },
  {
    file: 'src/route/path-normalization.ts',
    line: 'function isCanonical(',
    changes: [['{ if (path.charCodeAt(0) !== SLASH) return false; for (let …', '{}']],
    why: FAST_PATH,
  },
  { file: 'src/route/path-normalization.ts', line: 'if (!isCanonical(plain))', changes: [['!isCanonical(plain)', 'true']], why: FAST_PATH },
  { file: 'src/route/path-normalization.ts', line: 'if (plain === given) return path;', changes: [['plain === given', 'false']], why: FAST_PATH },
  {
    file: 'src/route/path-normalization.ts',
    line: 'if (path.charCodeAt(0) !== SLASH) return false;',
    changes: [['path.charCodeAt(0) !== SLASH', 'true']],
    why: FAST_PATH,
  },
  {
    file: 'src/route/path-normalization.ts',
    line: 'for (let i = 1; i < path.length; i++)',
    changes: [['i < path.length', 'i <= path.length']],
    why: PAST_THE_END,
  },
  {
    file: 'src/route/path-normalization.ts',
    line: 'if (code === DOT) {',
    changes: [['code === DOT', 'true'], ['code === DOT', 'false'], ['code === DOT', 'code !== DOT']],
    why: 'Finds fewer paths that need no change, never one that does; changing those gives the same path.',
  },
  {
    file: 'src/route/path-normalization.ts',
    line: 'if (path.charCodeAt(i - 1) === SLASH) return false;',
    changes: [['path.charCodeAt(i - 1) === SLASH', 'true']],
    why: FAST_PATH,
  },
  {
    file: 'src/route/path-normalization.ts',
    line: 'code > 255 || KIND[code] === SPECIAL',
    changes: [['code > 255 || KIND[code] === SPECIAL', 'true'], ['code > 255', 'code >= 255']],
    why: FAST_PATH,
  },
  { file: 'src/route/path-normalization.ts', line: 'return true;', changes: [['true', 'false']], why: FAST_PATH },
  {
    file: 'src/route/path-normalization.ts',
    line: 'if (after === path.length) return',
    changes: [['{ isParent: false, end: after }', '{}']],
    why: 'Absent means false, and the caller goes on after the dot, which is the end.',
  },
  {
    file: 'src/route/path-normalization.ts',
    line: "replaceAll(/[^\\0-\\xff]+/gu, encodeURIComponent)",
    changes: [['/[^\\0-\\xff]+/gu', '/[^\\0-\\xff]/gu']],
    why: FAST_PATH,
  },
  {
    file: 'src/route/path-normalization.ts',
    line: 'stray = -1;',
    changes: [['-1', '+1']],
    why: 'Where a percent sign has just been marked: more than two characters stand after that place.',
  },
  {
    file: 'src/route/path-normalization.ts',
    line: 'const HEX_PAIR =',
    changes: [['/^[0-9a-fA-F]{2}$/', '/^[0-9a-fA-F]{2}/']],
    why: 'A stray percent sign is marked as soon as two digits follow it, never later.',
  },
  {
    file: 'src/route/path-normalization.ts',
    line: "text.length === 1 ? text + (next ?? '')",
    changes: [["''", '"Stryker was here!"']],
    why: 'One digit at the end is no pair, nor are those words.',
  },
  { file: 'src/route/path.ts', line: 'i < path.length', changes: [['i < path.length', 'i <= path.length']], why: PAST_THE_END },
  { file: 'src/route/path.ts', line: 'after < end &&', changes: [['after < end', 'after <= end']], why: 'The line before has ruled out that they are equal.' },
  {
    file: 'src/route/path-trie.ts',
    line: 'if (node < 0) return found;',
    changes: [['node < 0', 'false'], ['node < 0', 'node <= 0']],
    why: 'At -1 stands an edge longer than one character and of none that there is, so the walk ends; the root is no child.',
  },
  {
    file: 'src/route/path-trie.ts',
    line: 'table[node + EDGE]',
    changes: [['node + EDGE', 'node - EDGE']],
    why: 'EDGE is 0.',
  },
  {
    file: 'src/route/path-trie.ts',
    line: 'if (position >= best) return best;',
    changes: [['position >= best', 'position > best']],
    why: 'What is found at the best position is the best position.',
  },
  {
    file: 'src/route/path-trie.ts',
    line: 'while (high - low > LINEAR_CHILDREN)',
    changes: [['high - low > LINEAR_CHILDREN', 'false'], ['high - low > LINEAR_CHILDREN', 'high - low >= LINEAR_CHILDREN']],
    why: FAST_PATH,
  },
  {
    file: 'src/route/path-trie.ts',
    line: 'while (length < edge.length',
    changes: [['length < edge.length', 'true'], ['length < edge.length', 'length <= edge.length']],
    why: PAST_THE_END,
  },
  {
    file: 'src/route/regex.ts',
    line: "return regex.matcher('').programSize();",
    changes: [["''", '"Stryker was here!"']],
    why: 'The size of a program does not depend on the text it reads.',
  },
  {
    file: 'src/route/retry-headers.ts',
    line: "getHeader(headers, 'x-envoy-max-retries')?.trim() ?? ''",
    changes: [["''", '"Stryker was here!"']],
    why: 'Neither is a number.',
  },
  {
    file: 'src/route/retry-policy.ts',
    line: 'if (this.#grpcStatuses.size === 0) return false;',
    changes: [['this.#grpcStatuses.size === 0', 'false']],
    why: FAST_PATH,
  },
  {
    file: 'src/route/rewrite.ts',
    line: 'return this.#regex?.replace(path);',
    changes: [['this.#regex?.replace', 'this.#regex.replace']],
    why: 'For the type checker: one of the two is there.',
  },
  {
    file: 'src/route/route-index.ts',
    line: 'if (this.#headers.size > 0)',
    changes: [['this.#headers.size > 0', 'true'], ['this.#headers.size > 0', 'this.#headers.size >= 0']],
    why: FAST_PATH,
  },
  { file: 'src/route/route-index.ts', line: 'i < headers.length', changes: [['i < headers.length', 'i <= headers.length']], why: PAST_THE_END },
  {
    file: 'src/route/route-index.ts',
    line: 'if (position >= best) return best;',
    changes: [['position >= best', 'position > best']],
    why: 'A route stands in one list only, so its position is never the best of another.',
  },
  {
    file: 'src/route/route-table.ts',
    line: '{ own: undefined, general: undefined }',
    changes: [['{ own: undefined, general: undefined }', '{}']],
    why: 'A property that is not there is undefined, too.',
  },
  {
    file: 'src/route/similar-names.ts',
    line: 'a.candidate < b.candidate',
    changes: [['a.candidate < b.candidate', 'a.candidate <= b.candidate']],
    why: 'No host comes twice.',
  },
  {
    file: 'src/route/similar-names.ts',
    line: 'if (Math.abs(a.length - b.length) > limit) return limit + 1;',
    changes: [['Math.abs(a.length - b.length) > limit', 'false']],
    why: FAST_PATH,
  },
  { file: 'src/route/variables.ts', line: 'if (this.literal !== undefined) return this.literal;', changes: [['this.literal !== undefined', 'false']], why: FAST_PATH },
  {
    file: 'src/route/timeout-headers.ts',
    line: 'text !== undefined &&',
    changes: [['text !== undefined', 'true']],
    why: 'For the type checker: the text "undefined" is no number.',
  },
  {
    file: 'src/route/variables.ts',
    line: "(argument ?? '').toLowerCase()",
    changes: [["''", '"Stryker was here!"']],
    why: 'No header can have a name with spaces.',
  },
];

/** The entry that knows `survivor`, if any. */
export function equivalentOf(survivor: Survivor, known: readonly Equivalent[] = EQUIVALENT): Equivalent | undefined {
  return known.find(
    ({ file, line, changes }) =>
      file === survivor.file && survivor.lineText.includes(line) && changes.some(([from, to]) => from === survivor.from && to === survivor.to),
  );
}

/** Entries for `files` with a change that did not survive: a test notices it, or the code has changed. */
export function outdated(files: readonly string[], survivors: readonly Survivor[], known: readonly Equivalent[] = EQUIVALENT): Equivalent[] {
  return known
    .filter(({ file }) => files.includes(file))
    .filter((entry) =>
      entry.changes.some((change) => !survivors.some((survivor) => equivalentOf(survivor, [{ ...entry, changes: [change] }]) !== undefined)),
    );
}
