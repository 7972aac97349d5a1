import type { RequestHead, StringMatch } from './model.ts';
import { queryParameter } from './path.ts';
import { StringMatcher } from './string-matcher.ts';

/** One entry of `queryParams`: the first value of the parameter counts, and without a matcher its presence. */
export class QueryCondition {
  /** Case-sensitive. */
  readonly name: string;
  readonly matcher: StringMatcher;

  constructor(name: string, match: StringMatch) {
    this.name = name;
    this.matcher = new StringMatcher(match);
  }

  holds(head: RequestHead): boolean {
    const value = queryParameter(head.path, this.name);
    return value !== undefined && this.matcher.matches(value);
  }
}
