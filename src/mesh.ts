import { ADDRCONFIG } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import { EventEmitter } from 'eventemitter3';
import { getGlobalDispatcher, type Dispatcher } from 'undici';
import { apart } from './apart.ts';
import { AccessLog, type AccessLogOption } from './access-log.ts';
import type { TimerHandle } from './common/clock.ts';
import { MeshError } from './common/errors.ts';
import { seededRandom } from './common/random.ts';
import type { CompileOptions } from './config/compile-options.ts';
import { retrySafety } from './config/extensions/safe-retries.ts';
import type { ConfigIssue } from './config/issue.ts';
import type { Snapshot } from './config/snapshot.ts';
import type { CallInfo } from './engine/call-info.ts';
import type { ConnectionInfo } from './engine/connection-info.ts';
import { ClientTls, type WorkloadCertificates } from './engine/client-tls.ts';
import type { BlockedAttempt } from './engine/egress.ts';
import { netConnect } from './engine/dial.ts';
import { Engine, type EngineOptions } from './engine/engine.ts';
import { systemClock } from './engine/system-clock.ts';
import { randomUuid } from './engine/random-ids.ts';
import type { EjectionEvent } from './engine/upstream-cluster.ts';
import type { Explanation } from './common/explanation.ts';
import { explainUrl, type ExplainInit } from './mesh-explain.ts';
import { installMesh, type Installed, type InstallOptions } from './install.ts';
import { LiveConfig, problemOf } from './live-config.ts';
import { MeshConfig, type ConfigChange, type ResourceObject } from './mesh-config.ts';
import { MeshDispatcher, type DoorContext, type MeshCallOptions } from './mesh-dispatcher.ts';
import { connectThrough, createConnectionThrough, type ConnectOptions, type CreateConnectionOptions } from './mesh-connect.ts';
import { createFetch } from './mesh-fetch.ts';
import type { ConfigSource, MeshOptions } from './mesh-options.ts';
import { requestUrl } from './request/lean-request.ts';

/** Reads the first configuration of a mesh; set below, where its parts are at hand. */
let start: (mesh: Mesh, options: MeshOptions) => Promise<void>;

/** What a gateway beside a mesh is made with: the same rules, names, certificates, clock and chance. */
export interface MeshParts {
  readonly compile: Omit<CompileOptions, 'version'>;
  readonly engine: EngineOptions;
  readonly certificates: WorkloadCertificates | undefined;
  readonly accessLog: AccessLogOption | undefined;
  readonly maxReplayBytes: number;
}

/** The {@link MeshParts} of `mesh`, for doors that listen. */
export let partsOf: (mesh: Mesh) => MeshParts;

/** What a mesh tells of, and with what. */
export interface MeshEvents {
  /** Another configuration is in force; or watched files that had an error are mended. */
  config: (change: ConfigChange) => void;
  /**
   * Watched files were edited and can't come into force; what was in force before stays. The error's `issues` tell file, line
   * and column. Without a listener it becomes a process warning, once for each distinct problem.
   */
  'config-error': (error: MeshError) => void;
  /** An endpoint was ejected by outlier detection, or is back. */
  ejection: (event: EjectionEvent) => void;
  /** The outbound policy `REGISTRY_ONLY` refused a call or a connection; its message says what would allow it. */
  blocked: (attempt: BlockedAttempt) => void;
  /** A call is over. */
  call: (info: CallInfo) => void;
  /** A connection of {@link Mesh.connect} was refused, or is over. */
  connection: (info: ConnectionInfo) => void;
}

/** Options of `mesh.request`: undici's own, and what a call through a mesh may say. */
export type MeshRequestOptions = Partial<Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'>> &
  MeshCallOptions & { method?: string };

/**
 * A mesh in this process. Everything that goes through one of its doors (`fetch`, `request`, `dispatcher`, `install`) is
 * routed by its rules. Make one with {@link createMesh}.
 */
export class Mesh implements AsyncDisposable {
  /** `fetch`'s contract, with global `Request` and `Response`. Needs no `this`. */
  readonly fetch: typeof globalThis.fetch;
  /** The mesh as an undici `Dispatcher`. */
  readonly dispatcher: Dispatcher;
  readonly #config: MeshConfig;
  readonly #engine: Engine;
  readonly #events = new EventEmitter<MeshEvents>();
  readonly #accessLog: AccessLog;
  readonly #requests: MeshDispatcher;
  readonly #legacySemantics: boolean;
  readonly #parts: MeshParts;
  #live: LiveConfig | undefined;
  #warnedOf: string | undefined;
  #installed: Installed | undefined;
  #closed: Promise<void> | undefined;

  /** Use {@link createMesh}. */
  constructor(options: MeshOptions) {
    const workload = { namespace: options.workload?.namespace ?? 'default', labels: options.workload?.labels ?? {}, locality: options.workload?.locality };
    const random = options.random ?? (options.seed === undefined ? Math.random : seededRandom(options.seed));
    this.#legacySemantics = options.legacySemantics ?? true;
    const compile = { workload, endpoints: options.endpoints, legacySemantics: this.#legacySemantics, retrySafety: retrySafety(options.safeRetries), dnsDiscovery: options.discovery?.dns };
    this.#config = new MeshConfig({ strict: options.strict, legacySemantics: this.#legacySemantics }, compile);
    this.#accessLog = new AccessLog(options.accessLog);
    this.#engine = new Engine(
      {
        clock: options.clock ?? systemClock,
        random,
        uuid: () => randomUuid(random),
        connect: options.connect ?? netConnect(options.lookup),
        transport: options.transport,
        lookup: options.lookup ?? systemLookup,
        tls: new ClientTls(options.workload?.certificates, options.https),
        https: options.https,
        tracing: options.tracing ?? true,
        shadowHosts: this.#legacySemantics,
        honorsCallerPolicies: options.callerPolicies === 'honor',
        workloadAddress: options.workload?.address ?? '127.0.0.1',
        onEjection: (event) => this.#tell('ejection', event),
        onBlocked: (attempt) => this.#tell('blocked', attempt),
        onFinished: (call) => {
          apart(() => this.#accessLog.write(call, this.snapshot.settings));
          if (this.#events.listenerCount('call') > 0) this.#tell('call', call.describe());
        },
        onConnectionOver: (connection) => {
          apart(() => this.#accessLog.write(connection, this.snapshot.settings));
          if (this.#events.listenerCount('connection') > 0) this.#tell('connection', connection.describe());
        },
      },
      this.#config.snapshot,
    );
    const maxReplayBytes = options.maxReplayBytes ?? 1024 * 1024;
    this.#parts = { compile, engine: this.#engine.options, certificates: options.workload?.certificates, accessLog: options.accessLog, maxReplayBytes };
    const door: DoorContext = {
      engine: this.#engine,
      maxReplayBytes,
      passthrough: () => this.#installed?.passthrough() ?? getGlobalDispatcher(),
      isClosed: () => this.#closed !== undefined,
    };
    this.dispatcher = new MeshDispatcher(door);
    this.#requests = new MeshDispatcher(door, true);
    this.fetch = createFetch({ dispatch: (opts, handler) => this.#requests.dispatch(opts, handler), refusal: (origin) => this.#requests.refusal(origin) });
  }

  /** The configuration in force. */
  get snapshot(): Snapshot {
    return this.#engine.snapshot;
  }

  /** Warnings about the configuration in force. */
  get warnings(): readonly ConfigIssue[] {
    return this.#config.warnings;
  }

  /** Why the watched files, as they are now, are not in force; `undefined` when they are. */
  get configError(): MeshError | undefined {
    return this.#live?.error;
  }

  /** undici's `request`, through the mesh. The leanest door. A `host` header is the authority that is routed. */
  request(url: string | URL, options: MeshRequestOptions = {}): Promise<Dispatcher.ResponseData> {
    return requestUrl(this.#requests, url, options);
  }

  /**
   * Opens a connection that is not HTTP, or TLS from end to end, to wherever `tcp` and `tls` rules send it: an endpoint chosen for
   * this connection, within the limits of its cluster. No TLS is done here: with `servername`, wrap the socket in `tls.connect({ socket,
   * servername })`. The socket ends at the idle time and the age that the DestinationRule says.
   *
   * Whatever bytes go through it are taken as not HTTP; on a port of an HTTP service the outbound policy decides, as in Istio.
   *
   * @throws {MeshError} where Envoy would close the connection, with its response flags: `ERR_UPSTREAM` (`NC`, `UH`, `UO`,
   *   `UF,URX`), `ERR_EGRESS_BLOCKED` (REGISTRY_ONLY), `ERR_MESH_CLOSED`.
   */
  async connect(options: ConnectOptions): Promise<Socket> {
    const closed = this.#closedError();
    if (closed !== undefined) throw closed;
    return connectThrough(this.#engine, options);
  }

  /**
   * `net.createConnection` through the mesh, for drivers: the same connection as {@link connect} gives, there at once. It emits `connect` when the
   * mesh has opened it, else `error` with the `MeshError`; what is written before waits. Without `host` and `port` it goes nowhere until `connect(port,
   * host)` is called on it, as drivers do that take a stream. TLS of the driver's own goes on top: `tls.connect({ socket, servername })`.
   *
   * It is a `Duplex` with all of `net.Socket`'s methods that matter, but no instance of `net.Socket`. `docs/connections.md` has set-up lines for drivers.
   *
   * @throws {MeshError} `ERR_INVALID_ARGUMENT` for a host or port that is none; everything else is an `error` event.
   */
  createConnection(options: CreateConnectionOptions = {}, connectListener?: () => void): Socket {
    return createConnectionThrough(this.#engine, () => this.#closedError(), options, connectListener);
  }

  #closedError(): MeshError | undefined {
    return this.#closed === undefined ? undefined : new MeshError('ERR_MESH_CLOSED', 'the mesh is closed: no further connections can be made through it');
  }

  /**
   * Makes the mesh the process's global undici dispatcher, so that every `fetch` goes through it; calls that bring their own
   * `dispatcher` don't. With `{ fetch: true }` the faster `mesh.fetch` takes the place of `globalThis.fetch` too.
   *
   * Installing again takes the place of the earlier installation.
   *
   * @returns a function that puts everything back; {@link close} does so too.
   */
  install(options?: InstallOptions): () => void {
    this.#uninstall();
    const installed = installMesh(this, options);
    this.#installed = installed;
    return () => {
      installed.restore();
      if (this.#installed === installed) this.#installed = undefined;
    };
  }

  #uninstall(): void {
    this.#installed?.restore();
    this.#installed = undefined;
  }

  /**
   * What would happen to a call, and why; nothing is sent, nothing changes. `tcp://host:port` and `tls://host:port` stand for the
   * connections of {@link connect}.
   */
  explain(url: string | URL, init: ExplainInit = {}): Explanation {
    return explainUrl(this.#engine, url, init);
  }

  /**
   * Adds resources or replaces those of the same kind, namespace and name, all at once. Calls under way end under the rules
   * they began with. A path is read once, and not watched. What is applied stays until the same resource is deleted, applied
   * again, or edited in a watched file: who speaks last decides.
   *
   * @throws {MeshError} `ERR_INVALID_CONFIG` with every issue (file, line, field, value); nothing is changed then.
   */
  async apply(source: ConfigSource, options: { readonly strict?: boolean } = {}): Promise<ConfigChange> {
    const change = await this.#config.apply(source, options.strict === undefined ? {} : { strict: options.strict });
    return this.#inForce(change);
  }

  /**
   * Resources in force, as objects: `VirtualService` (all of the kind), `VirtualService/reviews`,
   * `VirtualService/default/reviews`; kubectl's short names (`vs`, `dr`, `se`) work too.
   */
  get(reference: string): ResourceObject[] {
    return this.#config.get(reference);
  }

  /**
   * Removes what `reference` names (see {@link get}). What a watched file declares stays away until it is edited there.
   *
   * @throws {MeshError} `ERR_NOT_FOUND`
   */
  async delete(reference: string): Promise<ConfigChange> {
    return this.#inForce(await this.#config.delete(reference));
  }

  /** Statistics under Envoy's names, such as `cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_rq_total`. */
  stats(pattern?: RegExp): Record<string, number> {
    return Object.fromEntries(this.#engine.collect(pattern));
  }

  /** Calls `listener` at every `event`, see {@link MeshEvents}, in the order things happen. What a listener throws becomes an uncaught exception. */
  on<Event extends keyof MeshEvents>(event: Event, listener: MeshEvents[Event]): this {
    this.#events.on(event, listener as never);
    return this;
  }

  /** Undoes {@link on}. */
  off<Event extends keyof MeshEvents>(event: Event, listener: MeshEvents[Event]): this {
    this.#events.off(event, listener as never);
    return this;
  }

  /** Resolves when the mesh can serve: at once, since `createMesh` has read the configuration. */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Uninstalls the mesh, takes no further calls, waits for those under way (at most `drainMs` milliseconds, default 5000), then closes every
   * connection.
   */
  close({ drainMs = 5000 }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#uninstall();
    this.#live?.close();
    this.#closed ??= this.#drain(drainMs);
    return this.#closed;
  }

  /** {@link close} with its defaults, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(drainMs: number): Promise<void> {
    if (drainMs > 0) {
      const { clock } = this.#engine;
      let timer: TimerHandle;
      const late = new Promise<void>((resolve) => (timer = clock.setTimeout(resolve, drainMs)));
      await Promise.race([this.#engine.idle(), late]);
      clock.clearTimeout(timer);
    }
    this.#engine.close(new MeshError('ERR_MESH_CLOSED', 'the mesh was closed'));
    this.#events.removeAllListeners();
    await this.#accessLog.flush();
  }

  static {
    partsOf = (mesh) => mesh.#parts;
    start = async (mesh, options) => {
      mesh.#live = await LiveConfig.start(mesh.#config, options, mesh.#engine.clock, {
        changed: (change) => {
          mesh.#warnedOf = undefined;
          mesh.#inForce(change);
        },
        failed: (error) => mesh.#broken(error),
      });
    };
  }

  #broken(error: MeshError): void {
    if (this.#events.listenerCount('config-error') > 0) this.#tell('config-error', error);
    else if (this.#warnedOf !== problemOf(error)) process.emitWarning(error.message, { type: 'MeshWarning', code: error.code });
    this.#warnedOf = problemOf(error);
  }

  #inForce(change: ConfigChange): ConfigChange {
    if (this.#engine.snapshot !== this.#config.snapshot) this.#engine.use(this.#config.snapshot);
    this.#tell('config', change);
    return change;
  }

  #tell<Event extends keyof MeshEvents>(event: Event, about: Parameters<MeshEvents[Event]>[0]): void {
    apart(() => this.#events.emit(event, ...([about] as never)));
  }
}

/**
 * Makes a mesh, reads its configuration, and watches the files and folders that it came from until the mesh is closed.
 *
 * @throws {MeshError} `ERR_INVALID_CONFIG` with every issue of the configuration; `ERR_INVALID_ARGUMENT` for options that are none.
 */
export async function createMesh(options: MeshOptions = {}): Promise<Mesh> {
  // A mesh that takes a path for its options has no rules, and lets every call pass.
  if (typeof options !== 'object') throw new MeshError('ERR_INVALID_ARGUMENT', `createMesh takes options, such as { config: 'mesh/' }, got ${JSON.stringify(options)}`);
  const mesh = new Mesh(options);
  await start(mesh, options);
  return mesh;
}

/** No IPv6 addresses where this machine has none of its own: half the calls of a cluster would fail. Source: istio `dns_lookup_family`. */
async function systemLookup(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, hints: ADDRCONFIG })).map(({ address }) => address);
}
