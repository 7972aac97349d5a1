import { isPseudoHeader, pseudoHeader } from './header-value.ts';
import type { RequestHead, StringMatch } from './model.ts';
import { StringMatcher } from './string-matcher.ts';

/**
 * One entry of `headers` or `withoutHeaders`. Lines of one name are compared one by one and never joined: any of them
 * suffices. An absent header fits no value matcher, with one exception: inverted, it counts as empty.
 *
 * Source: Istio `translateHeaderMatch` (`treat_missing_header_as_empty`); Envoy `HeaderUtility::matchHeaders`.
 */
export class HeaderCondition {
  readonly name: string;
  readonly matcher: StringMatcher;
  readonly inverted: boolean;
  /** Whether it is about a part of the request line rather than a header line. */
  readonly isPseudo: boolean;
  readonly #missingFits: boolean;

  constructor(name: string, match: StringMatch, inverted: boolean) {
    this.name = name.toLowerCase();
    this.matcher = new StringMatcher(match);
    this.inverted = inverted;
    this.isPseudo = isPseudoHeader(this.name);
    this.#missingFits = inverted && this.matcher.kind !== 'present' && this.matcher.matches('');
  }

  holds(head: RequestHead): boolean {
    return this.#anyLineFits(head) !== this.inverted;
  }

  #anyLineFits(head: RequestHead): boolean {
    const { name, matcher } = this;
    if (this.isPseudo) {
      const value = pseudoHeader(head, name);
      return value === undefined ? this.#missingFits : matcher.matches(value);
    }
    const headers = head.headers;
    let found = false;
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i] !== name) continue;
      if (matcher.matches(headers[i + 1]!)) return true;
      found = true;
    }
    return !found && this.#missingFits;
  }
}
