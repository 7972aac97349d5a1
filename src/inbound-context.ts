import { AsyncLocalStorage } from 'node:async_hooks';
import { hasHeader, type HeaderList } from './common/headers.ts';
import { parseGrpcTimeoutMs } from './route/grpc.ts';
import { milliseconds } from './route/timeout-headers.ts';

/** What a request that came in hands on to the calls that are made while it is served. */
export interface InboundContext {
  /** Names in lower case and values in turn. A call that has such a header itself keeps its own. */
  readonly headers: readonly string[];
  /** When its caller stops waiting, in milliseconds of the mesh's clock (`performance.now()`); absent: it did not say. */
  readonly deadlineAtMs?: number | undefined;
}

/** What of a request that comes in is handed on. */
export interface InboundOptions {
  /**
   * Headers that are handed on besides those of tracing, `x-request-id`, `baggage` and `end-user`. They go to wherever the calls go, other
   * people's services too: `authorization` and `cookie` want a thought before. Default: none.
   */
  readonly headers?: readonly string[];
  /**
   * Whether calls take no longer than the caller waits, which a mesh says in `x-envoy-expected-rq-timeout-ms`, and gRPC in `grpc-timeout`.
   * Default `true`.
   */
  readonly deadline?: boolean;
  /** The clock of the mesh, in milliseconds. Default `performance.now()`. */
  readonly now?: () => number;
}

/** Two of them that come from different places would contradict each other. */
const TRACING = [
  'traceparent', 'tracestate', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags',
  'x-ot-span-context', 'x-cloud-trace-context', 'grpc-trace-bin', 'x-datadog-trace-id', 'x-datadog-parent-id', 'x-datadog-sampling-priority', 'sw8',
];
const IS_TRACING: ReadonlySet<string> = new Set(TRACING);

/** Source: Istio's example applications, which copy these by hand. */
const HANDED_ON = [...TRACING, 'x-request-id', 'baggage', 'end-user'];

/** One for all copies of this major version (ESM, CJS) in the process. */
const STORE = Symbol.for('ts-mesh/1.inbound');
const holder = globalThis as { [STORE]?: AsyncLocalStorage<InboundContext> };

/** Runs `serve`: calls through any mesh that it makes, at once or later, are made for `context`. */
export function withInbound<T>(context: InboundContext, serve: () => T): T {
  return (holder[STORE] ??= new AsyncLocalStorage()).run(context, serve);
}

/** The request that is being served, as far as it was told by {@link withInbound}. */
export function currentInbound(): InboundContext | undefined {
  return holder[STORE]?.getStore();
}

/**
 * The context of a request with the headers that `header` reads, by names in lower case.
 *
 * Source: Envoy sets `x-envoy-expected-rq-timeout-ms` to what is left of the route's timeout, or the try's.
 */
export function inboundContextOf(header: (name: string) => string | undefined, { headers = [], deadline = true, now = () => performance.now() }: InboundOptions = {}): InboundContext {
  const lines: string[] = [];
  for (const name of new Set([...HANDED_ON, ...headers.map((one) => one.toLowerCase())])) {
    const value = header(name);
    if (value !== undefined) lines.push(name, value);
  }
  const leftMs = deadline ? (milliseconds(header('x-envoy-expected-rq-timeout-ms')) ?? parseGrpcTimeoutMs(header('grpc-timeout'))) : undefined;
  return { headers: lines, deadlineAtMs: leftMs === undefined ? undefined : now() + leftMs };
}

/** Adds to a call's headers what it does not have. @returns whether anything was added. */
export function inherit(headers: HeaderList, context: InboundContext): boolean {
  const before = headers.length;
  let traced = false;
  for (let i = 0; i < before; i += 2) traced ||= IS_TRACING.has(headers[i]!);
  for (let i = 0; i < context.headers.length; i += 2) {
    const name = context.headers[i]!;
    if (hasHeader(headers, name) || (traced && IS_TRACING.has(name))) continue;
    headers.push(name, context.headers[i + 1]!);
  }
  return headers.length > before;
}
