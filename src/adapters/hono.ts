/**
 * ts-mesh in Hono.
 *
 * @packageDocumentation
 */
import { inboundContextOf, withInbound, type InboundOptions } from '../inbound-context.ts';

export type { InboundOptions } from '../inbound-context.ts';

/** What of Hono's `Context` is read. */
export interface RequestOfHono {
  readonly req: {
    /** The value of a header, by any case. */
    header(name: string): string | undefined;
  };
}

/**
 * Middleware by which calls through a mesh that handlers make carry the request's id, trace, `end-user` and chosen headers, and
 * end when its caller stops waiting. Use it before the routes:
 *
 * ```ts
 * app.use(meshContext());
 * ```
 */
export function meshContext(options?: InboundOptions): (context: RequestOfHono, next: () => Promise<void>) => Promise<void> {
  if (options !== undefined && 'req' in options) throw new TypeError('meshContext makes the middleware: app.use(meshContext()), not app.use(meshContext)');
  return ({ req }, next) => withInbound(inboundContextOf((name) => req.header(name), options), next);
}
