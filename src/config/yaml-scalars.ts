/** What a YAML scalar may become. */
export type ScalarValue = string | number | boolean | null;

const entries = (words: string, value: ScalarValue): [string, ScalarValue][] =>
  words.split(' ').map((word) => [word, value]);

const WORDS: ReadonlyMap<string, ScalarValue> = new Map([
  ['', null],
  ...entries('~ null Null NULL', null),
  ...entries('true True TRUE', true),
  ...entries('false False FALSE', false),
  ...entries('.inf .Inf .INF +.inf +.Inf +.INF', Infinity),
  ...entries('-.inf -.Inf -.INF', -Infinity),
  ...entries('.nan .NaN .NAN', NaN),
]);

const BOOLEAN_WORDS: ReadonlyMap<string, ScalarValue> = new Map([
  ...entries('y Y yes Yes YES on On ON', true),
  ...entries('n N no No NO off Off OFF', false),
]);

const LONGEST_WORD = 5;
const MAYBE_NUMBER = /^[-+.]?[0-9]/;
const DECIMAL = /^[-+]?(?:0|[1-9][0-9]*)$/;
const BASED = /^([-+]?)0(?:x([0-9a-fA-F]+)|b([01]+)|o?([0-7]+))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/**
 * What an unquoted scalar means to Kubernetes' tools, which is not quite what either YAML says: `010` is 8, a date is text.
 * With `booleanWords`, `yes`, `on` and their kin are booleans as well; without, they stay the text they are.
 *
 * Source: sigs.k8s.io/yaml, go-yaml v2 `resolve`.
 */
export function resolvePlainScalar(text: string, booleanWords: boolean): ScalarValue {
  if (text.length <= LONGEST_WORD) {
    const word = WORDS.get(text);
    if (word !== undefined) return word;
    const boolean = booleanWords ? booleanWord(text) : undefined;
    if (boolean !== undefined) return boolean;
  }
  return MAYBE_NUMBER.test(text) ? (parseNumber(text.replaceAll('_', '')) ?? text) : text;
}

/** The boolean that YAML 1.1 means by `yes`, `off` and the like; `undefined` for anything else. */
export function booleanWord(text: string): boolean | undefined {
  return BOOLEAN_WORDS.get(text) as boolean | undefined;
}

function parseNumber(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  const based = BASED.exec(text);
  if (based !== null) {
    const [, sign, hex, binary, octal] = based;
    const size =
      hex !== undefined ? parseInt(hex, 16) : binary !== undefined ? parseInt(binary, 2) : parseInt(octal ?? '', 8);
    return sign === '-' ? -size : size;
  }
  return FLOAT.test(text) ? Number(text) : undefined;
}
