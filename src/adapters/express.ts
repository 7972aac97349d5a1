/**
 * ts-mesh in Express 4 and 5, Connect, and whatever takes middleware of their kind.
 *
 * @packageDocumentation
 */
import type { IncomingMessage } from 'node:http';
import { withInbound, type InboundOptions } from '../inbound-context.ts';
import { contextOf } from './inbound-headers.ts';

export type { InboundOptions } from '../inbound-context.ts';

/** Middleware as Express and Connect call it. */
export type MeshMiddleware = (request: Pick<IncomingMessage, 'headers'>, response: unknown, next: (error?: unknown) => void) => void;

/**
 * Middleware by which calls through a mesh that handlers make carry the request's id, trace, `end-user` and chosen headers, and
 * end when its caller stops waiting. Use it before the routes:
 *
 * ```ts
 * app.use(meshContext());
 * ```
 */
export function meshContext(options?: InboundOptions): MeshMiddleware {
  // As middleware itself it would never call what comes next, and no request would be answered.
  if (options !== undefined && 'method' in options) throw new TypeError('meshContext makes the middleware: app.use(meshContext()), not app.use(meshContext)');
  return (request, _response, next) => withInbound(contextOf(request.headers, options), () => next());
}
