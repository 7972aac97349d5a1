import fc from 'fast-check';
import { HOSTILE_STRINGS } from './hostile-values.ts';

/** Marks and words that mean something to YAML. */
export const YAML_PIECES: readonly string[] = [
  '\n', '\r\n', '\r', ' ', '  ', '\t', '- ', '-', ': ', ':', ', ', '{', '}', '[', ']', '"', "'", '#', ' # c\n', '&a ', '*a', '&a', '<<: *a', '<<: ', '|', '|-\n  ', '>', '>+2\n', '!', '!!str ', '!!binary ',
  '!!js/function ', '!<x>', '!!int ', '!!float ', '!!null ', '!!timestamp ', '!!set ', '%YAML 1.1\n', '%TAG ! x\n', '---\n', '--- ', '...\n', '? ', '~', 'null', '0', '-1', '1e9', '.nan', '.inf', '0o7', '0x1F', '2001-01-01', 'yes', 'No',
  '__proto__: ', 'constructor: ', '\uFEFF', '\uFFFD', '\0', '\u0085', '\u2028', '\uD800', '@', '`', '{}', '[]', '""', '\\', '\\x', '\\u12', 'é', '💥', 'a', 'kind: List\nitems:\n',
];

const piece = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...YAML_PIECES) }, { weight: 1, arbitrary: fc.constantFrom(...HOSTILE_STRINGS) }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) });

/** Nothing but pieces. */
export const yamlSoup: fc.Arbitrary<string> = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

interface Change {
  readonly kind: 'splice' | 'flip' | 'cut' | 'repeat line' | 'drop line' | 'swap lines' | 'indent' | 'value' | 'crlf' | 'repeat all';
  readonly at: number;
  readonly other: number;
  readonly text: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom<Change['kind'][]>('splice', 'splice', 'splice', 'flip', 'flip', 'cut', 'repeat line', 'drop line', 'swap lines', 'indent', 'indent', 'value', 'value', 'value', 'crlf', 'repeat all'),
  at: fc.nat(),
  other: fc.nat(),
  text: piece,
});

/** What editors, merges, broken disks and attackers do to `text`. */
export function mutationsOf(text: string): fc.Arbitrary<string> {
  return fc.array(change, { minLength: 1, maxLength: 5 }).map((changes) => changes.reduce(apply, text));
}

function apply(text: string, { kind, at, other, text: inserted }: Change): string {
  const place = at % (text.length + 1);
  switch (kind) {
    case 'splice':
      return text.slice(0, place) + inserted + text.slice(place + (other % 12));
    case 'flip':
      return text.slice(0, place) + String.fromCharCode(text.charCodeAt(place) ^ (1 << other % 8)) + text.slice(place + 1);
    case 'cut':
      return text.slice(0, place);
    case 'crlf':
      return text.replaceAll('\n', '\r\n');
    case 'repeat all':
      return other % 2 === 0 ? text + text : `${text}\n---\n${text}`;
    default:
      return changeLine(text.split('\n'), kind, at, other, inserted).join('\n');
  }
}

function changeLine(lines: string[], kind: Change['kind'], at: number, other: number, inserted: string): string[] {
  const i = at % lines.length;
  const j = other % lines.length;
  const line = lines[i]!;
  if (kind === 'repeat line') lines.splice(j, 0, line);
  else if (kind === 'drop line') lines.splice(i, 1 + (other % 3));
  else if (kind === 'swap lines') [lines[i], lines[j]] = [lines[j]!, line];
  else if (kind === 'indent') lines[i] = other % 2 === 0 ? ' '.repeat(other % 7) + line : line.slice(other % 5);
  else lines[i] = line.replace(/(: ).*|$/, (_, colon: string | undefined) => `${colon ?? ''}${inserted}`);
  return lines;
}

/** `value` with `by` at one place, which `at` decides: any place, or one where there is text. */
export function replacedSomewhere(value: unknown, at: number, by: unknown, isPlace: (node: unknown) => boolean = () => true): unknown {
  let left = at % Math.max(1, countNodes(value, isPlace));
  const walk = (node: unknown): unknown => {
    if (isPlace(node) && left-- === 0) return by;
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, entry]) => [key, walk(entry)]));
  };
  return walk(value);
}

export function isText(node: unknown): boolean {
  return typeof node === 'string';
}

function countNodes(value: unknown, isPlace: (node: unknown) => boolean): number {
  const own = Number(isPlace(value));
  return typeof value !== 'object' || value === null ? own : Object.values(value).reduce<number>((sum, entry) => sum + countNodes(entry, isPlace), own);
}
