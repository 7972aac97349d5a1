import { HeaderEvaluator } from './header-operations.ts';
import type { RedirectOptions, RequestHead, RouteAction, RouteMatch, RouteSpec } from './model.ts';
import { redirectLocation } from './redirect.ts';
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
   */
  headers(head: RequestHead, variables: VariableSource): ResponseHeaders {
    const headers: ResponseHeaders = {};
    // RFC 7231 §7.1.2; a direct 201 or 3xx names the request's own URL.
    if (this.status === 201 || (this.status >= 300 && this.status <= 399)) {
      headers.location = redirectLocation(head, this.#redirect, this.#match);
    }
    this.#headers?.applyToResponse(headers, head, variables);
    return headers;
  }
}
