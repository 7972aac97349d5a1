import { getHeader } from '../common/headers.ts';
import type { MeshSettings } from '../config/snapshot.ts';
import type { RequestHead } from '../route/model.ts';
import { normalizePath } from '../route/path-normalization.ts';
import type { Random } from '../common/random.ts';
import { startSpan } from './trace-context.ts';

/** What admission needs of the mesh. */
export interface AdmissionContext {
  readonly options: { readonly uuid: () => string; readonly tracing: boolean };
  readonly random: Random;
}

/**
 * What happens to a request before it is routed, so that rules see the result: its path is normalized, and it gets
 * `x-forwarded-proto`, `x-request-id` and a trace context unless it has them.
 *
 * @returns `false` when the path can't be: answer 400.
 *
 * Source: Envoy `ConnectionManagerUtility::maybeNormalizePath`, `mutateRequestHeaders`.
 */
export function admit(head: RequestHead, settings: MeshSettings, { options, random }: AdmissionContext): boolean {
  const path = normalizePath(head.path, settings.pathNormalization);
  if (path === undefined) return false;
  head.path = path;
  const { headers } = head;
  const proto = getHeader(headers, 'x-forwarded-proto');
  if (proto === undefined) headers.push('x-forwarded-proto', head.scheme);
  else if (proto === 'http' || proto === 'https') head.scheme = proto;
  if (settings.proxyHeaders.requestId && getHeader(headers, 'x-request-id') === undefined) headers.push('x-request-id', options.uuid());
  if (options.tracing) startSpan(headers, settings.traceSampling, random);
  return true;
}
