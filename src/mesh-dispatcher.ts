import { AsyncResource } from 'node:async_hooks';
import { Dispatcher } from 'undici';
import { MeshError } from './common/errors.ts';
import type { Explanation } from './common/explanation.ts';
import { blockedBecause, egressOf } from './engine/egress.ts';
import type { Engine } from './engine/engine.ts';
import { explainCall, type AskedCall } from './engine/explain.ts';
import { assertAddress } from './engine/listener-for.ts';
import { dispatchTo, PassthroughCall } from './engine/passthrough.ts';
import type { ResponseHeaders } from './engine/local-reply.ts';
import { isRegistered } from './engine/registered.ts';
import { requestBody, type BodyInit } from './engine/request-body.ts';
import { downstreamHeaders, joinCookies, listed, type HeadersInput } from './engine/request-headers.ts';
import { RequestWalk } from './engine/request-walk.ts';
import { parseOrigin } from './engine/target.ts';
import { currentInbound, inherit } from './inbound-context.ts';

/** What a call through the mesh may say beyond undici's own options. */
export interface MeshCallOptions {
  /**
   * `ip:port` that the caller dialled, for hosts that go to their original destination; `null`: no address at all (503
   * `UH` there). Default: the address of the URL's host.
   */
  readonly originalDst?: string | null;
  /** The caller's own IP address, for balancing by source. */
  readonly sourceAddress?: string;
  /**
   * Whether the call came in by HTTP/2, which clusters that follow their callers (`useClientProtocol`, ports of undeclared protocol)
   * then speak to their endpoints. Default `false`.
   */
  readonly http2?: boolean;
}

type Options = Dispatcher.DispatchOptions & MeshCallOptions;

/** What the doors need of a mesh. */
export interface DoorContext {
  readonly engine: Engine;
  readonly maxReplayBytes: number;
  isClosed(): boolean;
  /** Takes what does not belong to the mesh; read late, so that proxies and mocks installed meanwhile are met. */
  passthrough(): Dispatcher;
}

/** Of this major version, whatever copy (ESM, CJS, another install) it comes from. */
const MESH_DISPATCHER = Symbol.for('ts-mesh/1.dispatcher');

/** Whether a dispatcher is that of a mesh, by whatever copy of the package in the process it was made. */
export function isMeshDispatcher(dispatcher: Dispatcher): boolean {
  return MESH_DISPATCHER in dispatcher;
}

/**
 * The mesh as one undici `Dispatcher`: everything that takes a `dispatcher` (undici's `request`, `stream`, `pipeline`,
 * `setGlobalDispatcher`) goes through its rules. The other doors are built on it.
 */
export class MeshDispatcher extends Dispatcher {
  readonly [MESH_DISPATCHER] = true;
  readonly #context: DoorContext;
  readonly #keepsContext: boolean;

  /** @param keepsContext - whether handlers restore their caller's async context themselves, as undici's own API does */
  constructor(context: DoorContext, keepsContext = false) {
    super();
    this.#context = context;
    this.#keepsContext = keepsContext;
  }

  override dispatch(given: Options, handler: Dispatcher.DispatchHandler): boolean {
    const asked = listed(given.headers as HeadersInput);
    const options = asked === given.headers ? given : ({ ...given, headers: asked } as Options);
    const { engine, maxReplayBytes } = this.#context;
    if (this.#context.isClosed()) throw new MeshError('ERR_MESH_CLOSED', 'the mesh is closed: no further calls can be made through it');
    const target = parseOrigin(options.origin ?? '');
    assertAddress(options.originalDst);
    const bound = this.#keepsContext ? handler : new ContextHandler(handler);
    const { headers, host } = downstreamHeaders(asked, engine.options.honorsCallerPolicies);
    if (options.http2 === true) joinCookies(headers);
    const { scheme, port } = target;
    const authority = host ?? target.authority;
    // undici's redirect handler says that there is none with null.
    const path = options.query === undefined || options.query === null ? options.path : withQuery(options.path, options.query);
    const egress = egressOf(engine.snapshot, target, options);
    if (egress.kind !== 'mesh') return this.#goElsewhere(egress.kind, options, { method: options.method, target, path, headers: asked, originalDst: options.originalDst }, bound);
    const inbound = currentInbound();
    const inherited = inbound !== undefined && inherit(headers, inbound);
    const request = {
      head: { method: options.method, scheme, authority, path, port, headers },
      body: requestBody(options.body as BodyInit, maxReplayBytes),
      dialled: target,
      originalDst: options.originalDst,
      sourceAddress: options.sourceAddress,
      http2: options.http2,
      https: egress.https,
      deadlineAtMs: inbound?.deadlineAtMs,
      askedPath: path,
      askedHeaders: inherited ? headers.slice() : asked,
    };
    if (typeof options.upgrade === 'string') engine.dispatchUpgrade({ ...request, upgrade: options.upgrade }, bound);
    else engine.dispatch(request, bound);
    return true;
  }

  /** Why a call to `origin` must not leave, by whatever dispatcher; `undefined`: it may. */
  refusal(origin: string): MeshError | undefined {
    const { engine } = this.#context;
    const { snapshot, clusters } = engine;
    const target = parseOrigin(origin);
    if (snapshot.settings.outboundTrafficPolicy === 'ALLOW_ANY') return undefined;
    const { hostname: host, port } = target;
    // It goes where the URL says, past all rules: those must not have led it elsewhere.
    if (egressOf(snapshot, target, {}).kind !== 'blocked' && isRegistered(snapshot, host, port)) return undefined;
    const explain = (): Explanation => explainCall({ snapshot, clusters }, { method: 'GET', target, path: '/', headers: undefined, refused: true });
    engine.connect({ host, port, openedFor: 'call', refused: true, explain }).opened.catch(() => {});
    return new MeshError('ERR_EGRESS_BLOCKED', blockedBecause(target), { flags: 'UH', cluster: 'BlackHoleCluster', details: 'no_healthy_upstream', explain });
  }

  /** What does not walk through the mesh: nothing is done to its headers but that the Host is the authority. */
  #goElsewhere(kind: 'blocked' | 'connection' | 'passthrough', options: Options, asked: AskedCall, handler: Dispatcher.DispatchHandler): boolean {
    const { engine } = this.#context;
    const { snapshot, clusters } = engine;
    const explain = (): Explanation => explainCall({ snapshot, clusters }, asked);
    if (kind === 'blocked') {
      const { scheme, hostname: host, port } = asked.target;
      const request = { host, port, ...(scheme === 'https' && { servername: host }), originalDst: asked.originalDst, openedFor: 'call', refused: true, explain } as const;
      engine.connect(request).opened.catch((error: Error) => handler.onResponseError?.(NO_CONTROLLER, error));
      return true;
    }
    const call = new PassthroughCall(handler, engine.clock, kind, explain);
    const { originalDst } = options;
    if (kind === 'passthrough' && typeof originalDst !== 'string') return this.#context.passthrough().dispatch(options, call);
    const { headers, host } = downstreamHeaders(asked.headers);
    const sent = { ...options, origin: `${asked.target.scheme}://${asked.target.authority}`, headers: ['host', host ?? asked.target.authority, ...headers] };
    if (kind === 'connection') engine.dispatchOnConnection(sent, addressesOf(options), call);
    else dispatchTo(originalDst as string, engine.options.connect, sent, call);
    return true;
  }

  /** Closing belongs to the mesh; undici's API calls this on global dispatchers at times. */
  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    if (callback === undefined) return this.#context.engine.idle();
    void this.#context.engine.idle().then(callback);
  }

  override destroy(...args: unknown[]): Promise<void> & void {
    const callback = args.find((argument) => typeof argument === 'function') as (() => void) | undefined;
    callback?.();
    return Promise.resolve() as Promise<void> & void;
  }
}

const NO_CONTROLLER: Dispatcher.DispatchController = {
  aborted: true,
  paused: false,
  reason: null,
  abort: () => {},
  pause: () => {},
  resume: () => {},
};

function addressesOf({ originalDst, sourceAddress }: MeshCallOptions): MeshCallOptions {
  return { ...(typeof originalDst === 'string' && { originalDst }), ...(sourceAddress !== undefined && { sourceAddress }) };
}

function withQuery(path: string, query: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, one === undefined || one === null ? '' : String(one));
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/**
 * Runs a handler's callbacks in the async context of its `dispatch` call. On a pooled socket they would run in that of
 * whoever opened the connection.
 *
 * Not `AsyncLocalStorage.snapshot()`, which makes and binds functions: that costs more than routing.
 */
class ContextHandler extends AsyncResource implements Handler {
  readonly #handler: Handler;

  constructor(handler: Handler) {
    super('TS_MESH_DISPATCH', { requireManualDestroy: true });
    this.#handler = handler;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    const handler = this.#handler;
    // The fetch of older Nodes reads nothing but raw lines.
    if (controller instanceof RequestWalk) controller.rawAsLines = true;
    if (handler.onRequestStart !== undefined) this.runInAsyncScope(handler.onRequestStart, handler, controller, context);
  }

  onRequestUpgrade(...args: Parameters<NonNullable<Handler['onRequestUpgrade']>>): void {
    const handler = this.#handler;
    if (handler.onRequestUpgrade !== undefined) this.runInAsyncScope(handler.onRequestUpgrade, handler, ...args);
  }

  onResponseStart(controller: Controller, status: number, headers: ResponseHeaders, statusText?: string): void {
    const handler = this.#handler;
    if (handler.onResponseStart !== undefined) this.runInAsyncScope(handler.onResponseStart, handler, controller, status, headers, statusText);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    const handler = this.#handler;
    if (handler.onResponseData !== undefined) this.runInAsyncScope(handler.onResponseData, handler, controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: ResponseHeaders): void {
    const handler = this.#handler;
    if (handler.onResponseEnd !== undefined) this.runInAsyncScope(handler.onResponseEnd, handler, controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    const handler = this.#handler;
    if (handler.onResponseError !== undefined) this.runInAsyncScope(handler.onResponseError, handler, controller, error);
  }
}
