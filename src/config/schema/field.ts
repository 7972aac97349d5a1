import type { Cursor } from '../checks/cursor.ts';

/** Looks at one decoded value and tells `at` what is wrong with it. */
export type Check<Value> = (value: Value, at: Cursor) => void;

/** What a field may hold, as a table entry. The decoder reads it, checks the value's type, then calls `check`. */
export type Field = FieldShape & { readonly check?: Check<never> };

type FieldShape =
  | { readonly is: 'text' | 'bool' | 'double' | 'duration' | 'any' | 'integerOrText' }
  | { readonly is: 'integer'; readonly min: number; readonly max: number }
  /** The names in order of their numbers. Unless `closed`, other numbers pass, as they do for Istio. */
  | { readonly is: 'enum'; readonly names: readonly string[]; readonly closed?: boolean }
  | { readonly is: 'list'; readonly of: Field }
  | { readonly is: 'map'; readonly of: Field }
  | { readonly is: 'message'; readonly type: MessageType };

/** A map with known fields. */
export interface MessageType {
  /** As the API reference calls it; appears in messages. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Fields that are not in the table are left out without a word: for bodies of which only a part is read. */
  readonly open: boolean;
}

export const text: Field = { is: 'text' };
export const bool: Field = { is: 'bool' };
export const double: Field = { is: 'double' };
export const int32: Field = { is: 'integer', min: -(2 ** 31), max: 2 ** 31 - 1 };
export const uint32: Field = { is: 'integer', min: 0, max: 2 ** 32 - 1 };
// Larger numbers than these lose digits in JavaScript, and mean nothing in these rules.
export const int64: Field = { is: 'integer', min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };
export const uint64: Field = { is: 'integer', min: 0, max: Number.MAX_SAFE_INTEGER };
/** Text in Go's duration syntax; its range is a check of its own. */
export const anyDuration: Field = { is: 'duration' };
/** Taken as it is: a field that is known but not read. */
export const any: Field = { is: 'any' };
export const integerOrText: Field = { is: 'integerOrText' };

export function enumOf(...names: string[]): Field {
  return { is: 'enum', names };
}

/** An enum of which other numbers than those of its names are refused. */
export function closedEnum(...names: string[]): Field {
  return { is: 'enum', names, closed: true };
}

export function list(of: Field): Field {
  return { is: 'list', of };
}

/** A map with keys of the user's. */
export function map(of: Field): Field {
  return { is: 'map', of };
}

export function message<Value>(name: string, fields: Readonly<Record<string, Field>>, check?: Check<Value>): Field {
  return { is: 'message', type: { name, fields: new Map(Object.entries(fields)), open: false }, check };
}

/** A message of which only these fields are read. */
export function openMessage<Value>(name: string, fields: Readonly<Record<string, Field>>, check?: Check<Value>): Field {
  return { is: 'message', type: { name, fields: new Map(Object.entries(fields)), open: true }, check };
}

/** `field` with a check of its value. */
export function checked<Value>(field: Field, check: Check<Value>): Field {
  return { ...field, check };
}
