import { parseDurationMs } from '../../../src/common/duration.ts';

/** A mapping of a case file, with the place for errors. Asks each field once and reports those nobody asked for. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly #asked = new Set<string>();

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${where}: expected a mapping`);
    this.#values = value as Record<string, unknown>;
    this.#where = where;
  }

  raw(name: string): unknown {
    this.#asked.add(name);
    return this.#values[name] ?? undefined;
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' && typeof value !== 'number') throw this.#wrong(name, 'text', value);
    return String(value);
  }

  number(name: string): number | undefined {
    const value = this.raw(name);
    if (value !== undefined && typeof value !== 'number') throw this.#wrong(name, 'a number', value);
    return value;
  }

  flag(name: string): boolean {
    const value = this.raw(name) ?? false;
    if (typeof value !== 'boolean') throw this.#wrong(name, 'true or false', value);
    return value;
  }

  /** Milliseconds of a duration such as `1100ms`. */
  durationMs(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const ms = parseDurationMs(value);
    if (ms === undefined) throw this.#wrong(name, 'a duration', value);
    return ms;
  }

  list(name: string): readonly unknown[] {
    const value = this.raw(name) ?? [];
    if (!Array.isArray(value)) throw this.#wrong(name, 'a list', value);
    return value;
  }

  /** A list of texts, for which one text alone may stand. */
  texts(name: string): readonly string[] {
    const value = this.raw(name) ?? [];
    return (Array.isArray(value) ? value : [value]).map(String);
  }

  fields(name: string): Fields {
    return new Fields(this.raw(name) ?? {}, `${this.#where}.${name}`);
  }

  entries(): readonly (readonly [string, unknown])[] {
    return Object.entries(this.#values);
  }

  /** Names that were never asked for: the reader does not know them. */
  unknown(): readonly string[] {
    return Object.keys(this.#values).filter((name) => !this.#asked.has(name));
  }

  #wrong(name: string, expected: string, value: unknown): Error {
    return new Error(`${this.#where}.${name}: expected ${expected}, got ${JSON.stringify(value)}`);
  }
}
