/** What a YAML scalar may become. */
export type ScalarValue = string | number | boolean | null;

const WORDS: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE', 'y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE', 'n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, -Infinity] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, NaN] as const),
]);

const LONGEST_WORD = 5;
const MAYBE_NUMBER = /^[-+.]?[0-9]/;
const DECIMAL = /^[-+]?(?:0|[1-9][0-9]*)$/;
const BASED = /^([-+]?)0(?:x([0-9a-fA-F]+)|b([01]+)|o?([0-7]+))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/**
 * What an unquoted scalar means to Kubernetes tools: YAML 1.1 as Go's yaml reads it, so `yes` is a boolean, `010` is 8, and
 * a date is text.
 *
 * Source: sigs.k8s.io/yaml, go-yaml v2 `resolve`.
 */
export function resolvePlainScalar(text: string): ScalarValue {
  if (text.length <= LONGEST_WORD) {
    const word = WORDS.get(text);
    if (word !== undefined) return word;
  }
  return MAYBE_NUMBER.test(text) ? (parseNumber(text.replaceAll('_', '')) ?? text) : text;
}

function parseNumber(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  const based = BASED.exec(text);
  if (based !== null) {
    const [, sign, hex, binary, octal] = based;
    const size = hex !== undefined ? parseInt(hex, 16) : binary !== undefined ? parseInt(binary, 2) : parseInt(octal ?? '', 8);
    return sign === '-' ? -size : size;
  }
  return FLOAT.test(text) ? Number(text) : undefined;
}
