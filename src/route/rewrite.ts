import { setHeader } from '../common/headers.ts';
import type { RequestHead, RewriteOptions, RouteMatch } from './model.ts';
import { withoutQuery } from './path.ts';
import { RegexRewrite } from './regex-rewrite.ts';

/**
 * Replaces what `match` matched of `path` by `text`, to the letter, and keeps the query: the prefix of a prefix match (in
 * whatever case it came), the whole path of an exact or regex match, the leading slash when there is no `uri` condition.
 *
 * Source: Istio `applyHTTPRouteDestination`; Envoy `PrefixRouteEntryImpl::rewritePathHeader` and its kin.
 */
export function replaceMatchedPath(path: string, match: RouteMatch, text: string): string {
  const { uri } = match;
  if (uri?.exact !== undefined || uri?.regex !== undefined) return text + path.slice(withoutQuery(path).length);
  const matched = uri?.prefix ?? '/';
  return text + path.slice(matched.length);
}

/**
 * The `rewrite` of one route, applied after its header operations: first the Host, then the path. The old Host stays in
 * `x-envoy-original-host`, the old path in `x-envoy-original-path`.
 */
export class Rewrite {
  readonly #match: RouteMatch;
  readonly #authority: string | undefined;
  readonly #uri: string | undefined;
  readonly #regex: RegexRewrite | undefined;

  constructor(options: RewriteOptions, match: RouteMatch) {
    this.#match = match;
    this.#authority = options.authority || undefined;
    this.#regex = options.uriRegex === undefined ? undefined : new RegexRewrite(options.uriRegex);
    this.#uri = this.#regex === undefined ? options.uri || undefined : undefined;
  }

  /**
   * @param keepsOld - whether the old Host and path stay in headers
   * @returns `false` when the path can't be rewritten, see {@link RegexRewrite.replace}; then the request must not go on
   */
  apply(head: RequestHead, keepsOld = true): boolean {
    if (this.#authority !== undefined) rewriteAuthority(head, this.#authority, keepsOld);
    if (this.#uri === undefined && this.#regex === undefined) return true;
    const path = this.#rewrittenPath(head.path);
    if (path === undefined) return false;
    // Also when nothing changed: Envoy notes the old path whenever a path rewrite is configured.
    if (keepsOld) setHeader(head.headers, 'x-envoy-original-path', head.path);
    head.path = path;
    return true;
  }

  #rewrittenPath(path: string): string | undefined {
    if (this.#uri !== undefined) return replaceMatchedPath(path, this.#match, this.#uri);
    return this.#regex?.replace(path);
  }
}

/** Sets the Host and notes the old one. Source: Envoy `Utility::updateAuthority`. */
export function rewriteAuthority(head: RequestHead, authority: string, keepsOld: boolean): void {
  if (keepsOld && head.authority !== '') setHeader(head.headers, 'x-envoy-original-host', head.authority);
  head.authority = authority;
}
