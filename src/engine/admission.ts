import { getHeader } from '../common/headers.ts';
import type { MeshSettings } from '../config/snapshot.ts';
import type { RequestHead } from '../route/model.ts';
import { normalizePath } from '../route/path-normalization.ts';
import type { Random } from '../common/random.ts';
import { BAD_AUTHORITY, BAD_PATH, BODY_TOO_LARGE, HEAD_TOO_LARGE, NO_PATH, NO_ROUTE, TOO_MANY_HEADERS, type LocalReply } from './local-reply.ts';
import { startSpan } from './trace-context.ts';

/** How large requests may be. */
export interface RequestLimits {
  /** Bytes of path, names and values together. */
  readonly headBytes: number;
  /** Headers, with the Host. */
  readonly headers: number;
  /** Bytes that the head may announce of a body; 0: any number. */
  readonly bodyBytes: number;
}

/** What admission needs of the mesh. */
export interface AdmissionContext {
  readonly options: { readonly uuid: () => string; readonly tracing: boolean; readonly limits?: RequestLimits | undefined };
  readonly random: Random;
}

/** Of path, names and values together, in bytes. Source: Envoy `max_request_headers_kb`, which Istio leaves at its default. */
export const MAX_HEAD_BYTES = 60 * 1024;

/** With the Host. Source: Envoy `max_headers_count`, likewise. */
export const MAX_HEADERS = 100;

/** What a Host may consist of. Source: Envoy `HeaderUtility::authorityIsValid`. */
const AUTHORITY = /^[\w.~!$&'()*+,;=:@%[\]-]*$/;

const DEFAULT_LIMITS: RequestLimits = { headBytes: MAX_HEAD_BYTES, headers: MAX_HEADERS, bodyBytes: 0 };

/**
 * What happens to a request before it is routed, so that rules see the result: its path is normalized, and it gets
 * `x-forwarded-proto`, `x-request-id` and a trace context unless it has them.
 *
 * @param http2 - whether the caller speaks HTTP/2, where a request has a scheme of its own
 * @returns the answer for a request that goes no further.
 *
 * Source: Envoy `ConnectionImpl::checkMaxHeadersSize`, `ConnectionManagerUtility::maybeNormalizePath`, `mutateRequestHeaders`; no route is
 * looked for where `x-forwarded-proto` is empty (`VirtualHostImpl::getRouteFromEntries`).
 */
export function admit(head: RequestHead, settings: MeshSettings, { options, random }: AdmissionContext, http2 = false): LocalReply | undefined {
  const { limits = DEFAULT_LIMITS } = options;
  if (head.headers.length / 2 >= limits.headers) return TOO_MANY_HEADERS;
  if (sizeOf(head) > limits.headBytes) return HEAD_TOO_LARGE;
  if (limits.bodyBytes > 0 && Number(getHeader(head.headers, 'content-length')) > limits.bodyBytes) return BODY_TOO_LARGE;
  if (!AUTHORITY.test(head.authority)) return BAD_AUTHORITY;
  if (head.path !== '' && !head.path.startsWith('/')) return NO_PATH;
  const path = normalizePath(head.path, settings.pathNormalization);
  if (path === undefined) return BAD_PATH;
  head.path = path;
  const { headers } = head;
  const proto = getHeader(headers, 'x-forwarded-proto');
  if (proto === undefined) headers.push('x-forwarded-proto', head.scheme);
  else if (proto === '') return NO_ROUTE;
  else if (!http2 && /^https?$/i.test(proto)) head.scheme = proto.toLowerCase();
  if (settings.proxyHeaders.requestId && getHeader(headers, 'x-request-id') === undefined) headers.push('x-request-id', options.uuid());
  if (options.tracing) startSpan(headers, settings.traceSampling, random);
  return undefined;
}

/** Whether a request may go on with `protocol`. Source: istio, which allows `websocket` by `upgrade_configs`, and no other. */
export function mayUpgrade(protocol: string): boolean {
  return protocol.toLowerCase() === 'websocket';
}

/** Header values hold no character beyond latin1, so that characters are bytes. */
function sizeOf({ path, authority, headers }: RequestHead): number {
  let size = path.length + authority.length;
  for (let i = 0; i < headers.length; i++) size += headers[i]!.length;
  return size;
}
