/**
 * ts-mesh in Fastify 5.
 *
 * @packageDocumentation
 */
import { AsyncResource } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';
import { withInbound, type InboundOptions } from '../inbound-context.ts';
import { contextOf } from './inbound-headers.ts';

export type { InboundOptions } from '../inbound-context.ts';

/** What of a Fastify request is read. */
export interface RequestOfFastify {
  /** As `node:http` has them. */
  readonly headers: IncomingHttpHeaders;
}

/** A hook as Fastify calls it. */
export type FastifyHook = (request: RequestOfFastify, reply: unknown, done: () => void) => void;

/** What of a Fastify instance is used. */
export interface FastifyOfMesh {
  /** Fastify's. */
  addHook(name: 'onRequest' | 'preValidation', hook: FastifyHook): unknown;
}

/**
 * A plugin by which calls through a mesh that handlers make carry the request's id, trace, `end-user` and chosen headers, and
 * end when its caller stops waiting:
 *
 * ```ts
 * app.register(meshContext);
 * ```
 */
export function meshContext(fastify: FastifyOfMesh, options: InboundOptions, done: () => void): void {
  if (typeof (fastify as FastifyOfMesh | undefined)?.addHook !== 'function') throw new TypeError('meshContext is the plugin: app.register(meshContext, options), not app.register(meshContext(options))');
  const scopes = new WeakMap<RequestOfFastify, AsyncResource>();
  fastify.addHook('onRequest', (request, _reply, next) => {
    withInbound(contextOf(request.headers, options), () => {
      scopes.set(request, new AsyncResource('TS_MESH_REQUEST'));
      next();
    });
  });
  // Bodies are read in the context of their connection, and what follows would stay in that.
  fastify.addHook('preValidation', (request, _reply, next) => scopes.get(request)!.runInAsyncScope(next));
  done();
}

// Without these a plugin's hooks would hold for its own routes alone. Source: Fastify's plugin contract, as `fastify-plugin` sets it.
Object.assign(meshContext, { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: 'ts-mesh', [Symbol.for('plugin-meta')]: { name: 'ts-mesh', fastify: '>=5' } });
