/**
 * ts-mesh in NestJS 11 and 12, on Express and on Fastify.
 *
 * @packageDocumentation
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Module, type CallHandler, type DynamicModule, type ExecutionContext, type FactoryProvider, type InjectionToken, type MiddlewareConsumer, type ModuleMetadata, type NestInterceptor, type NestModule, type OnApplicationShutdown, type OptionalFactoryDependency, type Provider } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { withInbound, type InboundOptions } from '../inbound-context.ts';
import { createMesh, type Mesh } from '../mesh.ts';
import type { MeshOptions } from '../mesh-options.ts';
import { meshContext } from './express.ts';
import { contextOf } from './inbound-headers.ts';
import { ServiceClient } from './service-client.ts';

export type { InboundOptions } from '../inbound-context.ts';
export { ServiceClient } from './service-client.ts';

/** The mesh in Nest's container, for `app.get(MESH)` and overrides in tests: `overrideProvider(MESH).useValue(mesh)`. */
export const MESH: unique symbol = Symbol.for('ts-mesh/1.nest.mesh') as never;
const OPTIONS = Symbol.for('ts-mesh/1.nest.options');

/** What {@link MeshModule.forRoot} takes: the options of a mesh, or a mesh. */
export interface MeshModuleOptions extends MeshOptions {
  /** One that is there already, a test mesh for instance; whoever made it closes it. Default: one is made of the other options. */
  readonly mesh?: Mesh;
  /** What of requests is handed on to calls; `false`: nothing. Default: request ids, traces, `end-user`, what is left of the time. */
  readonly inbound?: InboundOptions | false;
}

/** What {@link MeshModule.forRootAsync} takes. */
export interface MeshModuleAsyncOptions {
  /** Modules whose providers `inject` names. */
  readonly imports?: ModuleMetadata['imports'];
  /** What `useFactory` is called with. */
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** Gives the options. */
  readonly useFactory: (...args: never[]) => MeshModuleOptions | Promise<MeshModuleOptions>;
}

/** Injects the {@link Mesh}. */
export function InjectMesh(): ParameterDecorator & PropertyDecorator {
  return Inject(MESH) as ParameterDecorator & PropertyDecorator;
}

/** Services that {@link MeshClient} named: one list for all copies of this major version (ESM, CJS) in the process. */
const NAMED = Symbol.for('ts-mesh/1.nest.clients');
const named = ((globalThis as { [NAMED]?: Set<string> })[NAMED] ??= new Set());

/**
 * Injects a {@link ServiceClient} of `service`: `@MeshClient('reviews') private readonly reviews: ServiceClient`.
 *
 * @param service - `reviews` (its port for HTTP: 80 if it has that, else the lowest), `reviews:9080` or a whole URL
 */
export function MeshClient(service: string): ParameterDecorator & PropertyDecorator {
  named.add(service);
  return Inject(clientToken(service)) as ParameterDecorator & PropertyDecorator;
}

/** What {@link MeshClient} injects by, for overrides in tests. */
export function clientToken(service: string): string {
  return `ts-mesh client ${service}`;
}

/** Whether the mesh can be relied on, in the words of Nest's health checks (`@nestjs/terminus`). */
export class MeshHealthIndicator {
  readonly #mesh: Mesh;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  /** `down` while the files that are watched have an error; what was in force before it stays in force. */
  isHealthy<Key extends string = 'mesh'>(key = 'mesh' as Key): Record<Key, { readonly status: 'up' | 'down'; readonly version: number; readonly message?: string }> {
    const { configError, snapshot } = this.#mesh;
    const state = configError === undefined ? { status: 'up' as const } : { status: 'down' as const, message: configError.message };
    return { [key]: { ...state, version: snapshot.version } } as never;
  }
}

/** Hands the context of a request to its handler. Guards and pipes of Express applications have it from the middleware. */
class InboundInterceptor implements NestInterceptor {
  readonly #options: InboundOptions | false;

  constructor({ inbound = {} }: MeshModuleOptions) {
    this.#options = inbound;
  }

  intercept(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    if (this.#options === false || context.getType() !== 'http') return next.handle();
    const { headers } = context.switchToHttp().getRequest<{ readonly headers: IncomingHttpHeaders }>();
    // Nest binds what comes next to the async context in which it is asked for.
    return withInbound(contextOf(headers, this.#options), () => next.handle());
  }
}

/** The mesh of an application: `imports: [MeshModule.forRoot({ config: 'mesh/' })]` in its root module. */
export class MeshModule implements NestModule, OnApplicationShutdown {
  readonly #mesh: Mesh;
  readonly #options: MeshModuleOptions;

  /** Nest's. */
  constructor(mesh: Mesh, options: MeshModuleOptions) {
    this.#mesh = mesh;
    this.#options = options;
  }

  /** With a mesh of these options, for all modules. */
  static forRoot(options: MeshModuleOptions): DynamicModule {
    return moduleOf({ provide: OPTIONS, useValue: options });
  }

  /** With options that other providers know, a `ConfigService` for instance. */
  static forRootAsync({ imports = [], inject = [], useFactory }: MeshModuleAsyncOptions): DynamicModule {
    return moduleOf({ provide: OPTIONS, inject: [...inject], useFactory: useFactory as (...args: unknown[]) => unknown }, imports);
  }

  /** Nest's, by which the middleware is set up. */
  configure(consumer: MiddlewareConsumer): void {
    const { inbound } = this.#options;
    if (inbound !== false) consumer.apply(meshContext(inbound)).forRoutes('{*path}');
  }

  /** Lets calls under way end, and closes the mesh; called where the application has `enableShutdownHooks`, and by `app.close()`. */
  async onApplicationShutdown(): Promise<void> {
    if (made.has(this.#mesh)) await this.#mesh.close();
  }
}

// What decorators do, without their syntax, which Node does not run.
Inject(MESH)(MeshModule, undefined, 0);
Inject(OPTIONS)(MeshModule, undefined, 1);
Module({})(MeshModule);

/** Meshes that no test and no application brought, and that are to be closed with theirs. */
const made = new WeakSet<Mesh>();

async function meshOf({ mesh, inbound: _, ...options }: MeshModuleOptions): Promise<Mesh> {
  if (mesh !== undefined) return mesh;
  const own = await createMesh(options);
  made.add(own);
  return own;
}

function moduleOf(options: Provider, imports: ModuleMetadata['imports'] = []): DynamicModule {
  const clients = (): readonly FactoryProvider[] => [...named].map((service) => ({ provide: clientToken(service), inject: [MESH], useFactory: (mesh: Mesh) => new ServiceClient(mesh, service) }));
  const shared: readonly Provider[] = [
    options,
    { provide: MESH, inject: [OPTIONS], useFactory: meshOf },
    { provide: MeshHealthIndicator, inject: [MESH], useFactory: (mesh: Mesh) => new MeshHealthIndicator(mesh) },
    { provide: APP_INTERCEPTOR, inject: [OPTIONS], useFactory: (given: MeshModuleOptions) => new InboundInterceptor(given) },
  ];
  return {
    module: MeshModule,
    global: true,
    imports,
    // Nest asks when it puts the application together. Files whose classes name clients may be loaded after the one that calls `forRoot`.
    get providers() {
      return [...shared, ...clients()];
    },
    get exports() {
      return [MESH, MeshHealthIndicator, ...clients().map(({ provide }) => provide)];
    },
  };
}
