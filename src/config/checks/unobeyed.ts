import type { Cursor } from './cursor.ts';

/**
 * Warns of fields that mean something to a proxy and change nothing here. Not for those that keep somebody out, which are errors.
 *
 * @param fields - what happens instead, by the field's name
 */
export function warnUnobeyed(settings: object, fields: Readonly<Record<string, string>>, at: Cursor): void {
  for (const [field, instead] of Object.entries(fields)) {
    const value = (settings as Readonly<Record<string, unknown>>)[field];
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    at.onApply?.to(field).warn('WARN_NO_EFFECT', `has no effect: ${instead}`);
  }
}
