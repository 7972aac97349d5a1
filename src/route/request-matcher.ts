import { HeaderCondition } from './header-condition.ts';
import type { RequestHead, RouteMatch, StringMatch } from './model.ts';
import { QueryCondition } from './query-condition.ts';
import { StringMatcher } from './string-matcher.ts';

const NO_CONDITIONS: readonly never[] = Object.freeze([]);

/**
 * All conditions of one entry of `match[]`, of which every one must hold; `{}` always holds.
 *
 * Source: Istio `TranslateRouteMatch`; `scheme`, `method` and `authority` are compared with their case, and `authority` as the
 * caller wrote it, with its port.
 */
export class RequestMatcher {
  readonly uri: StringMatcher | undefined;
  readonly method: StringMatcher | undefined;
  readonly scheme: StringMatcher | undefined;
  readonly authority: StringMatcher | undefined;
  /** `headers` first, then `withoutHeaders`. */
  readonly headers: readonly HeaderCondition[];
  readonly queryParams: readonly QueryCondition[];

  constructor(match: RouteMatch) {
    this.uri = match.uri === undefined ? undefined : new StringMatcher(match.uri, match.ignoreUriCase);
    this.method = compile(match.method);
    this.scheme = compile(match.scheme);
    this.authority = compile(match.authority);
    this.headers = [
      ...entries(match.headers).map(([name, value]) => new HeaderCondition(name, value, false)),
      ...entries(match.withoutHeaders).map(([name, value]) => new HeaderCondition(name, value, true)),
    ];
    this.queryParams = entries(match.queryParams).map(([name, value]) => new QueryCondition(name, value));
  }

  /** `path` is `head.path` without its query; the caller computes it once for all routes. */
  matches(head: RequestHead, path: string): boolean {
    return (this.uri === undefined || this.uri.matches(path)) && this.matchesBesidesUri(head);
  }

  /** Whether all but the condition on the path hold. */
  matchesBesidesUri(head: RequestHead): boolean {
    if (this.method !== undefined && !this.method.matches(head.method)) return false;
    if (this.scheme !== undefined && !this.scheme.matches(head.scheme)) return false;
    if (this.authority !== undefined && !this.authority.matches(head.authority)) return false;
    const { headers, queryParams } = this;
    for (let i = 0; i < headers.length; i++) {
      if (!headers[i]!.holds(head)) return false;
    }
    for (let i = 0; i < queryParams.length; i++) {
      if (!queryParams[i]!.holds(head)) return false;
    }
    return true;
  }
}

function compile(match: StringMatch | undefined): StringMatcher | undefined {
  return match === undefined ? undefined : new StringMatcher(match);
}

function entries(record: Readonly<Record<string, StringMatch>> | undefined): readonly [string, StringMatch][] {
  return record === undefined ? NO_CONDITIONS : Object.entries(record);
}
