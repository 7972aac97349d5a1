import type { RE2JS } from 're2js';
import type { StringMatch } from './model.ts';
import { compileRegex } from './regex.ts';

export { checkRegex } from './regex.ts';

// `.*`, `/api/.*`, `jason`: most regexes people write. What HTTP compares has no line breaks, at which `.*` would stop.
const PLAIN_REGEX = /^([\w/~-]*)(\.\*)?$/;

/** Which comparison a {@link StringMatcher} makes. */
export type StringMatchKind = 'present' | 'exact' | 'prefix' | 'regex';

/**
 * A compiled {@link StringMatch}: one class for every text that rules compare (path, method, header, query value, origin),
 * so that hot call sites stay monomorphic.
 *
 * Source: Istio `StringMatch`; Envoy `StringMatcher`. A regex is RE2 and must match the whole text.
 */
export class StringMatcher {
  readonly kind: StringMatchKind;
  /** What is compared with; empty for `present`. */
  readonly text: string;
  readonly ignoresCase: boolean;
  readonly #regex: RE2JS | undefined;
  /** Set for a regex so plain that comparing text does: what it begins with, and whether anything may follow. */
  readonly #plain: { readonly start: string; readonly isOpen: boolean } | undefined;

  /**
   * @param ignoreCase ASCII case, for `exact` and `prefix` only: a regex brings its own `(?i)`. Source: `ignoreUriCase`.
   * @throws {Error} what RE2 says about a bad regex, and for one beyond the limits; see {@link checkRegex}.
   */
  constructor(match: StringMatch, ignoreCase = false) {
    this.ignoresCase = ignoreCase;
    this.#regex = undefined;
    this.#plain = undefined;
    if (match.exact !== undefined) {
      this.kind = 'exact';
      this.text = match.exact;
    } else if (match.prefix !== undefined) {
      this.kind = 'prefix';
      this.text = match.prefix;
    } else if (match.regex !== undefined && match.regex !== '*') {
      this.kind = 'regex';
      this.text = match.regex;
      const plain = PLAIN_REGEX.exec(match.regex);
      if (plain === null) this.#regex = compileRegex(match.regex);
      else this.#plain = { start: plain[1]!, isOpen: plain[2] !== undefined };
    } else {
      // `*` is no RE2 expression; Istio reads it as "is there" (`canBeConvertedToPresentMatch`).
      this.kind = 'present';
      this.text = '';
    }
  }

  /** Whether `value`, which is there, fits. */
  matches(value: string): boolean {
    switch (this.kind) {
      case 'exact':
        return this.ignoresCase
          ? value.length === this.text.length && startsWithIgnoringCase(value, this.text)
          : value === this.text;
      case 'prefix':
        return this.ignoresCase ? startsWithIgnoringCase(value, this.text) : value.startsWith(this.text);
      case 'regex':
        if (this.#plain === undefined) return this.#regex!.testExact(value);
        return this.#plain.isOpen ? value.startsWith(this.#plain.start) : value === this.#plain.start;
      case 'present':
        return true;
    }
  }

  /** `exact "jason"`, `prefix "/api" (any case)`, `present`. */
  describe(): string {
    if (this.kind === 'present') return 'present';
    const caseless = this.ignoresCase && this.kind !== 'regex' ? ' (any case)' : '';
    return `${this.kind} ${JSON.stringify(this.text)}${caseless}`;
  }
}

// ASCII only, as Envoy compares; toLowerCase() would fold more, change lengths and allocate.
function startsWithIgnoringCase(value: string, start: string): boolean {
  for (let i = 0; i < start.length; i++) {
    if (lower(value.charCodeAt(i)) !== lower(start.charCodeAt(i))) return false;
  }
  return true;
}

function lower(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code;
}
