import type { Dispatcher } from 'undici';
import type { HeaderList } from '../common/headers.ts';
import type { Handover } from './handover.ts';
import type { LeanCall } from './lean-call.ts';
import { type FetchInit, membersOf } from './fetch-init.ts';
import { INFO } from './lean-response.ts';
import { relayTo } from './relay.ts';

/** Undici's one verb. `options.headers` is always a flat, lower-case list, and is not to be changed by it. */
export type Dispatch = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => boolean;

/** Why nothing may be sent to an origin, by whatever dispatcher; `undefined`: it may. */
export type Refusal = (origin: string) => Error | undefined;

/** The rest of fetch: Node's own, over `dispatch`. */
export class NativeLane {
  readonly #fetch: typeof globalThis.fetch;
  readonly #dispatch: Dispatch;
  readonly #refusal: Refusal;

  constructor(fetch: typeof globalThis.fetch, dispatch: Dispatch, refusal: Refusal = () => undefined) {
    this.#fetch = fetch;
    this.#dispatch = dispatch;
    this.#refusal = refusal;
  }

  /** A whole call. A `dispatcher` of the caller's own is kept, as by the native fetch, for what may leave at all. */
  call(args: readonly unknown[]): Promise<Response> {
    const [input, init] = args;
    const hasInit = init !== undefined && init !== null;
    if (args.length === 0 || (hasInit && typeof init !== 'object')) return this.#fetch(...(args as [string, RequestInit]));
    const members: FetchInit = hasInit ? membersOf(init as FetchInit) : {};
    const own = hasInit ? (init as FetchInit).dispatcher : undefined;
    if (own !== undefined) {
      members.dispatcher = guarded(own as never, this.#refusal) as never;
      return this.#fetch(input as string, members);
    }
    const bridge = new Bridge(this.#dispatch);
    // An init that is not empty makes fetch forget the referrer that a Request brings, and ours never is.
    if (input instanceof Request && input.referrer !== 'about:client' && Object.keys(members).length === 0 && keepsReferrer()) {
      members.referrer = input.referrer;
      members.referrerPolicy = input.referrerPolicy;
    }
    members.dispatcher = bridge as never;
    return bridge.label(this.#fetch(...(asNativeInput(input, members) as [string, RequestInit])));
  }

  /** The rest of a call whose response has already begun. */
  continue({ options, target, signal, manualRedirect, ownHeaders }: LeanCall, begun: Handover): Promise<Response> {
    const bridge = new Bridge(this.#dispatch, begun);
    const headers: [string, string][] = [];
    for (let i = 0; i < ownHeaders; i += 2) headers.push([options.headers[i]!, options.headers[i + 1]!]);
    const init: FetchInit = {
      method: options.method,
      headers,
      body: options.body,
      signal,
      redirect: manualRedirect ? 'manual' : 'follow',
      dispatcher: bridge as never,
    };
    return bridge.label(this.#fetch(target.host.origin + target.path, init));
  }
}

/** The dispatcher that the native fetch of one call is given. */
class Bridge {
  readonly #dispatch: Dispatch;
  #begun: Handover | undefined;
  #context: unknown;

  constructor(dispatch: Dispatch, begun?: Handover) {
    this.#dispatch = dispatch;
    this.#begun = begun;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { origin, path, method, headers, body } = options;
    const relay = relayTo(handler, (context) => {
      this.#context = context;
    });
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun !== undefined) {
      begun.attach(relay);
      return true;
    }
    return this.#dispatch({ origin, path, method, headers: flatHeaders(headers), body }, relay);
  }

  async label(call: Promise<Response>): Promise<Response> {
    const response = await call;
    return this.#context === null || this.#context === undefined ? response : label(response, this.#context);
  }
}

/** A dispatcher of the caller's own, for origins that are not refused; also those that redirects lead to. */
function guarded(own: Dispatcher, refusal: Refusal): Pick<Dispatcher, 'dispatch'> {
  return {
    dispatch(options, handler) {
      const error = refusal(String(options.origin));
      if (error === undefined) return own.dispatch(options, handler);
      relayTo(handler, () => {}).onResponseError?.(undefined as never, error);
      return true;
    },
  };
}

function label(response: Response, context: unknown): Response {
  Object.defineProperty(response, INFO, { value: context, configurable: true });
  const clone = (): Response => label(Response.prototype.clone.call(response), context);
  Object.defineProperty(response, 'clone', { value: clone, configurable: true, writable: true });
  return response;
}

// Whether fetch(request) sends the referrer of the Request. The one of Node 24 doesn't.
function keepsReferrer(): boolean {
  const referrer = 'http://a.invalid/';
  return new Request(new Request(referrer, { referrer })).referrer === referrer;
}

// A Request of another copy of undici or of another realm is no Request to the native fetch: it would take its text for
// a URL. Its parts are passed on instead; what `init` says comes first, as for any Request.
function asNativeInput(input: unknown, init: FetchInit): [unknown, FetchInit] {
  if (typeof input !== 'object' || input === null || input instanceof Request) return [input, init];
  const foreign = input as Partial<Request>;
  if (typeof foreign.url !== 'string' || typeof foreign.method !== 'string') return [input, init];
  const members = membersOf(foreign as FetchInit);
  delete members.mode;
  if (members.referrer === 'about:client') delete members.referrer;
  return [foreign.url, { ...members, duplex: 'half', ...init }];
}

function flatHeaders(headers: Dispatcher.DispatchOptions['headers']): HeaderList {
  const lines: HeaderList = [];
  for (const [name, value] of Object.entries((headers ?? {}) as Record<string, string | string[]>)) {
    const lower = name.toLowerCase();
    if (lower === 'host') continue;
    if (lower === 'content-length') {
      // The fetch of Node 22 adds its own to the caller's ("3, 3"), and its client reads the first.
      lines.push(lower, String(value).split(',', 1)[0]!);
      continue;
    }
    for (const one of Array.isArray(value) ? value : [value]) lines.push(lower, one);
  }
  return lines;
}
