import { setHeader } from '../common/headers.ts';
import { HeaderEvaluator } from './header-operations.ts';
import type { RedirectOptions, RequestHead, RouteAction, RouteMatch, RouteSpec } from './model.ts';
import { redirectLocation } from './redirect.ts';
import { replaceMatchedPath } from './rewrite.ts';
import type { ResponseHeaders, VariableSource } from './variables.ts';

/** A route that answers by itself: a redirect or a direct response, compiled. Details `direct_response`, no flag, no upstream. */
export class ReplyAction {
  readonly kind: 'redirect' | 'direct';
  readonly status: number;
  /** Empty or absent: none. */
  readonly body: string | Uint8Array | undefined;
  readonly #redirect: RedirectOptions | undefined;
  readonly #match: RouteMatch;
  readonly #headers: HeaderEvaluator | undefined;

  constructor(action: RouteAction & { readonly kind: 'redirect' | 'direct' }, { match, headers }: RouteSpec) {
    this.kind = action.kind;
    this.#match = match;
    this.#headers = headers?.response === undefined ? undefined : new HeaderEvaluator([headers.response]);
    if (action.kind === 'redirect') {
      this.status = action.redirect.redirectCode ?? 301;
      this.body = undefined;
      this.#redirect = action.redirect;
    } else {
      this.status = action.status;
      this.body = action.body;
      this.#redirect = undefined;
    }
  }

  /**
   * The reply's headers: `location`, then the rule's response operations, which may change it. The `content-type` of a body
   * comes last and only if no operation set one; that is the business of whoever makes local replies.
   *
   * @param keepsOld - whether the path from before a rewrite stays in a header, for operations to read
   */
  headers(head: RequestHead, variables: VariableSource, keepsOld = true): ResponseHeaders {
    const headers: ResponseHeaders = {};
    // RFC 7231 §7.1.2; a direct 201 or 3xx names the request's own URL.
    if (this.status === 201 || (this.status >= 300 && this.status <= 399)) {
      headers.location = redirectLocation(head, this.#redirect, this.#match);
    }
    this.#headers?.applyToResponse(headers, this.#rewritten(head, keepsOld), variables);
    return headers;
  }

  /** The request as the operations see it: a prefix is replaced in its path, not in the location. Source: Envoy `rewritePathHeader`. */
  #rewritten(head: RequestHead, keepsOld: boolean): RequestHead {
    const text = this.#redirect?.prefixRewrite;
    if (!text) return head;
    const headers = [...head.headers];
    if (keepsOld) setHeader(headers, 'x-envoy-original-path', head.path);
    return { ...head, path: replaceMatchedPath(head.path, this.#match, text), headers };
  }
}
