import { parseDurationMs } from '../../common/duration.ts';
import type { Cursor } from '../checks/cursor.ts';
import { shownValue } from '../checks/issue-log.ts';
import { toCamelCase } from '../spelling.ts';
import { booleanWord } from '../yaml-scalars.ts';
import type { Check, Field, MessageType } from './field.ts';
import { suggest } from './suggestion.ts';

/** What {@link decode} gives for a value of the wrong type; the issue is already told. */
export const FAILED: unique symbol = Symbol('failed');

/** How the documents of an API are read. */
export interface DecodeStyle {
  /**
   * protobuf's JSON: the original snake_case names count too, numbers may be quoted, enums may be numbers.
   * Otherwise Kubernetes' plain JSON.
   */
  readonly protobuf: boolean;
}

const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
/** Go's durations are nanoseconds in 64 bits. */
const MAX_DURATION_MS = 2 ** 63 / 1e6;

/**
 * `value` as `field` describes it, in camelCase, without nulls; {@link FAILED} when it is of the wrong type. Every message
 * and field is then checked, innermost first; a message with a field of the wrong type is not, for that would only echo.
 *
 * Source: golang/protobuf jsonpb. A null list entry or map value is an empty one; any other null is absent.
 */
export function decode(field: Field, value: unknown, at: Cursor, style: DecodeStyle): unknown {
  const decoded = decodeShape(field, value, at, style);
  if (decoded !== FAILED && field.check !== undefined && field.is !== 'message') {
    (field.check as Check<unknown>)(decoded, at);
  }
  return decoded;
}

function decodeShape(field: Field, value: unknown, at: Cursor, style: DecodeStyle): unknown {
  switch (field.is) {
    case 'text':
      return typeof value === 'string' ? value : wrongType(at, 'text', value, quoteHint(value));
    case 'bool':
      return decodeBoolean(value, at);
    case 'double':
      return decodeNumber(value, at, style);
    case 'integer':
      return decodeInteger(field, value, at, style);
    case 'integerOrText':
      return typeof value === 'string' || Number.isInteger(value)
        ? value
        : wrongType(at, 'a whole number or text', value);
    case 'duration':
      return decodeDuration(value, at);
    case 'enum':
      return decodeEnum(field, value, at, style);
    case 'list':
      return decodeList(field.of, value, at, style);
    case 'map':
      return decodeMap(field.of, value, at, style);
    case 'message':
      return decodeMessage(field, field.type, value, at, style);
    case 'any':
      return value;
  }
}

/** `yes` and `on` as YAML 1.1 has them; a quoted "true" is text to everyone. */
function decodeBoolean(value: unknown, at: Cursor): unknown {
  const meant = typeof value === 'string' && at.onApply !== undefined ? booleanWord(value) : value;
  return typeof meant === 'boolean'
    ? meant
    : wrongType(at, 'true or false', value, unquoteHint(value, /^(?:true|false)$/));
}

function decodeNumber(value: unknown, at: Cursor, style: DecodeStyle): unknown {
  const number = style.protobuf && typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : wrongType(at, 'a number', value);
}

function decodeInteger(range: { min: number; max: number }, value: unknown, at: Cursor, style: DecodeStyle): unknown {
  const quoted = style.protobuf && typeof value === 'string' && INTEGER.test(value);
  const number = quoted ? Number(value) : value;
  const fits = typeof number === 'number' && Number.isInteger(number) && number >= range.min && number <= range.max;
  return fits
    ? number
    : wrongType(at, `a whole number from ${range.min} to ${range.max}`, value, unquoteHint(value, INTEGER));
}

function decodeDuration(value: unknown, at: Cursor): unknown {
  if (typeof value === 'string') {
    const ms = parseDurationMs(value);
    if (ms !== undefined && Math.abs(ms) < MAX_DURATION_MS) return value;
  }
  const bare = typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value));
  return wrongType(
    at,
    'a duration such as 5s, 0.5s, 250ms or 1h30m',
    value,
    bare ? `add the unit: ${String(value)}s` : undefined,
  );
}

function decodeEnum({ names, closed = false }: { names: readonly string[]; closed?: boolean }, value: unknown, at: Cursor, style: DecodeStyle): unknown {
  if (typeof value === 'string' && names.includes(value)) return value;
  if (style.protobuf && Number.isInteger(value)) {
    const name = names[value as number];
    // Istio accepts numbers that no name belongs to and mostly treats them as the default.
    if (name === undefined && closed) {
      at.invalid(`must be one of ${names.join(', ')}`);
    } else if (name === undefined) {
      at.warn(
        'WARN_UNKNOWN_ENUM_NUMBER',
        `no value has the number ${String(value)}; ${names[0]} is used`,
        `use one of ${names.join(', ')}`,
      );
    }
    return name ?? names[0];
  }
  const meant = typeof value === 'string' ? suggest(value, names) : undefined;
  return wrongType(at, `one of ${names.join(', ')}`, value, meant === undefined ? undefined : `did you mean ${meant}?`);
}

function decodeList(of: Field, value: unknown, at: Cursor, style: DecodeStyle): unknown {
  if (!Array.isArray(value)) return wrongType(at, 'a list', value, listHint(value));
  const entries = value.map((entry: unknown, index) => decode(of, entry ?? emptyOf(of), at.to(index), style));
  return entries.includes(FAILED) ? FAILED : entries;
}

function decodeMap(of: Field, value: unknown, at: Cursor, style: DecodeStyle): unknown {
  if (!isMap(value)) return wrongType(at, 'a map', value);
  // The keys are the user's: no prototype, so that `constructor` finds nothing but what was written.
  const decoded = Object.create(null) as Record<string, unknown>;
  let failed = false;
  for (const [key, entry] of Object.entries(value)) {
    const result = decode(of, entry ?? emptyOf(of), at.to(key), style);
    if (result === FAILED) failed = true;
    else decoded[key] = result;
  }
  return failed ? FAILED : decoded;
}

function decodeMessage(field: Field, type: MessageType, value: unknown, at: Cursor, style: DecodeStyle): unknown {
  if (!isMap(value)) return wrongType(at, `a map (${type.name})`, value, wrapHint(type, value));
  const decoded: Record<string, unknown> = {};
  let whole = true;
  for (const [written, entry] of Object.entries(value)) {
    const name = fieldName(type, written, style);
    if (name === undefined) {
      if (!type.open) at.to(written).unknownField(type.name, [...type.fields.keys()]);
      continue;
    }
    if (name !== written && Object.hasOwn(value, name)) {
      at.to(written).onApply?.twoSpellings(written, name);
      continue;
    }
    if (entry === null) continue;
    const result = decode(type.fields.get(name)!, entry, at.to(name), style);
    if (result === FAILED) whole = false;
    else decoded[name] = result;
  }
  if (whole && field.check !== undefined) (field.check as Check<unknown>)(decoded, at);
  return decoded;
}

/** The table's name for a field as written, if it has one. */
function fieldName(type: MessageType, written: string, style: DecodeStyle): string | undefined {
  if (type.fields.has(written)) return written;
  if (!style.protobuf || !written.includes('_') || /[A-Z]/.test(written)) return undefined;
  const camel = toCamelCase(written);
  return type.fields.has(camel) ? camel : undefined;
}

function emptyOf(field: Field): unknown {
  if (field.is === 'message' || field.is === 'map') return {};
  if (field.is === 'list') return [];
  if (field.is === 'text') return '';
  if (field.is === 'integer' || field.is === 'double') return 0;
  return null;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongType(at: Cursor, expected: string, value: unknown, hint?: string): typeof FAILED {
  at.error('ERR_WRONG_TYPE', `must be ${expected}, got ${describe(value)}`, hint);
  return FAILED;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'nothing';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'number' ? `the number ${String(value)}` : shownValue(value);
}

function quoteHint(value: unknown): string | undefined {
  return typeof value === 'number' || typeof value === 'boolean' ? `put it in quotes: "${String(value)}"` : undefined;
}

function unquoteHint(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? `write it without quotes: ${value}` : undefined;
}

/** `percentage: 50`, `headers: {end-user: jason}`, `destination: reviews`, as many expect it to be. */
function wrapHint(type: MessageType, value: unknown): string | undefined {
  const ofText = ['exact', 'host'].find((field) => type.fields.has(field));
  if (ofText !== undefined && typeof value === 'string') return `write it as {${ofText}: ${JSON.stringify(value)}}`;
  const [only] = type.fields.size === 1 ? type.fields.keys() : [];
  return only !== undefined && typeof value === 'number' ? `write it as {${only}: ${value}}` : undefined;
}

function listHint(value: unknown): string | undefined {
  if (typeof value === 'string') return `write it as a list: [${JSON.stringify(value)}]`;
  return isMap(value) ? 'start each entry with "- "' : undefined;
}
