import { grpcMessage } from '../backend/grpc-message.ts';
import type { ConformanceCase, RequestSpec, TcpSpec, TlsSpec } from '../case/case-file.ts';
import { dialledIp } from '../case/dialled-address.ts';
import type { Document } from '../case/documents.ts';
import type { Call, Dial } from './outcome.ts';

/** Where calls come from when a step does not say. */
const CALLER_IP = '127.0.9.1';

/** A caller without patience of its own waits this long; no recorded call comes near it. */
const PATIENCE_MS = 12_000;

/** What a connection depends on besides its step. */
export interface DialContext {
  readonly conformanceCase: ConformanceCase;
  readonly documents: readonly Document[];
}

/** What a call depends on besides its step. */
export interface CallContext extends DialContext {
  readonly id: string;
  /** Takes the place of `{n}`. */
  readonly n: number;
  readonly cookie: string | undefined;
}

/** The call that `request` asks for. */
export function buildCall(request: RequestSpec, context: CallContext): Call {
  const { id, n, cookie } = context;
  const number = (text: string): string => text.replaceAll('{n}', String(n));
  const url = new URL(number(request.url));
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.map((one) => number(String(one))) : number(String(value));
  }
  if (request.grpc) Object.assign(headers, { 'content-type': 'application/grpc', te: 'trailers', ...headers });
  if (cookie !== undefined) headers.cookie = cookie;
  headers['x-call'] = id;
  if (request.plan !== undefined) headers['x-plan'] = request.plan;
  return {
    id,
    url,
    path: request.rawPath ?? `${url.pathname}${url.search}`,
    method: request.method,
    headers,
    body: bodyOf(request),
    http2: request.http2,
    bodyDelayMs: request.bodyDelayMs ?? 0,
    originalDst: request.dst ?? dialled(url.hostname, url.port || '80', context),
    sourceAddress: number(request.from ?? CALLER_IP),
    timeoutMs: request.timeoutMs ?? PATIENCE_MS,
  };
}

function bodyOf({ body, bodyBytes, grpc }: RequestSpec): Uint8Array | undefined {
  if (grpc) return grpcMessage(bodyBytes === undefined ? (body ?? '') : 'x'.repeat(bodyBytes));
  if (bodyBytes !== undefined) return Buffer.alloc(bodyBytes, 'x');
  return body === undefined ? undefined : Buffer.from(body);
}

/** The connection that a step asks for. */
export function buildDial({ host, port }: TcpSpec | TlsSpec, context: DialContext): Dial {
  return { host, port, originalDst: dialled(host, String(port), context), sourceAddress: CALLER_IP };
}

// Without capture nobody has dialled anything.
function dialled(host: string, port: string, { conformanceCase, documents }: DialContext): string | null {
  return conformanceCase.capture ? `${dialledIp(host, conformanceCase, documents)}:${port}` : null;
}
