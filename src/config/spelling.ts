/** `mirror_percent` → `mirrorPercent`: how protobuf makes a JSON name out of an original field name. */
export function toCamelCase(name: string): string {
  if (!name.includes('_')) return name;
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Whether `written` is `camel` in either of protobuf's spellings. */
export function sameField(written: string, camel: string): boolean {
  return written === camel || (written.includes('_') && toCamelCase(written) === camel);
}

/** `mirrorPercent` → `mirror_percent`. */
export function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
