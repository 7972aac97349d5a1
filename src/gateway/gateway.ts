import { EventEmitter } from 'eventemitter3';
import { apart } from '../apart.ts';
import { AccessLog } from '../access-log.ts';
import { MeshError } from '../common/errors.ts';
import { CompileMemo } from '../config/compile-memo.ts';
import { compileGateway } from '../config/gateways/compile-gateway.ts';
import type { GatewayListenerSpec, GatewaySnapshot } from '../config/gateways/gateway-model.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { CallInfo } from '../engine/call-info.ts';
import { ClientTls } from '../engine/client-tls.ts';
import type { ConnectionInfo } from '../engine/connection-info.ts';
import { Engine } from '../engine/engine.ts';
import { partsOf, type Mesh } from '../mesh.ts';
import { BytesDoor } from './bytes-door.ts';
import type { GatewayContext } from './gateway-context.ts';
import { GatewayListener, placeOf } from './gateway-listener.ts';
import { limitsOf, type GatewayOptions } from './gateway-options.ts';
import { HttpDoor } from './http-door.ts';
import { ServerContexts } from './server-contexts.ts';

/** What `gateway` serves at the moment, port by port, for those that tell people of it. */
export let servedBy: (gateway: Gateway) => GatewaySnapshot;

/** What a gateway tells of, and with what. */
export interface GatewayEvents {
  /** A request is over. */
  call: (info: CallInfo) => void;
  /** A connection that is not HTTP is over, or was refused. */
  connection: (info: ConnectionInfo) => void;
  /** Rules of the mesh changed, and the gateway serves what they say now. */
  config: () => void;
  /** Something that is no caller's fault: a certificate that can't be read, a port that can't be had, a server that another keeps out. */
  problem: (message: string) => void;
}

/**
 * A gateway in this process: it serves what the Gateways of a mesh that select it say, with the VirtualServices bound to them. Make one with
 * {@link createGateway}.
 */
export class Gateway implements AsyncDisposable {
  readonly #options: GatewayOptions;
  readonly #mesh: Mesh;
  readonly #engine: Engine;
  readonly #context: GatewayContext;
  readonly #http: HttpDoor;
  readonly #bytes: BytesDoor;
  readonly #events = new EventEmitter<GatewayEvents>();
  readonly #accessLog: AccessLog;
  readonly #memo = new CompileMemo();
  readonly #listeners = new Map<string, GatewayListener>();
  readonly #onConfig = (): void => this.#renew();
  #served: GatewaySnapshot;
  readonly #told = new Set<string>();
  #turn: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** Use {@link createGateway}. */
  constructor(mesh: Mesh, options: GatewayOptions) {
    const { engine, accessLog, maxReplayBytes, certificates: ofMesh } = partsOf(mesh);
    const { address = '127.0.0.1', ownAddress, certificates } = options;
    this.#mesh = mesh;
    this.#options = options;
    this.#accessLog = new AccessLog(options.accessLog ?? accessLog);
    this.#served = this.#compile();
    const { onEjection: _, onBlocked: __, ...shared } = engine;
    const limits = limitsOf(options.limits);
    this.#engine = new Engine(
      {
        ...shared,
        ...(certificates && { tls: new ClientTls(certificates) }),
        // Nobody can be told by the address that stands for all.
        workloadAddress: ownAddress ?? (address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address),
        // Whoever calls from outside steers no retries or timeouts, however much the mesh trusts its own callers.
        honorsCallerPolicies: false,
        limits,
        onEjection: () => {},
        onFinished: (call) => {
          apart(() => this.#accessLog.write(call, this.snapshot.settings));
          if (this.#events.listenerCount('call') > 0) this.#tell('call', call.describe());
        },
        onConnectionOver: (connection) => {
          apart(() => this.#accessLog.write(connection, this.snapshot.settings));
          if (this.#events.listenerCount('connection') > 0) this.#tell('connection', connection.describe());
        },
      },
      this.#served.snapshot,
    );
    this.#context = {
      engine: this.#engine,
      limits,
      contexts: new ServerContexts(options.credentials ?? {}, certificates ?? ofMesh),
      maxReplayBytes,
      problem: (message) => this.#problem(message),
    };
    this.#http = new HttpDoor(this.#context);
    this.#bytes = new BytesDoor(this.#context);
    mesh.on('config', this.#onConfig);
  }

  static {
    servedBy = (gateway) => gateway.#served;
  }

  /** Opens its ports. @param onProblem - a listener that hears of problems from the start */
  static async start(mesh: Mesh, options: GatewayOptions, onProblem?: GatewayEvents['problem']): Promise<Gateway> {
    const gateway = new Gateway(mesh, options);
    if (onProblem !== undefined) gateway.on('problem', onProblem);
    try {
      const opened = gateway.#listen((error) => {
        throw error;
      });
      gateway.#turn = opened.catch(() => {});
      await opened;
    } catch (error) {
      await gateway.close({ drainMs: 0 });
      throw error;
    }
    return gateway;
  }

  /** What it serves: routes by port, clusters, and the rules these were made of. */
  get snapshot(): Snapshot {
    return this.#served.snapshot;
  }

  /** Servers of its Gateways that others keep it from serving, and why. */
  get rejected(): readonly string[] {
    return this.#served.rejected;
  }

  /** The ports of its servers that it listens on. */
  get ports(): readonly number[] {
    return [...new Set([...this.#listeners.values()].map(({ serverPort }) => serverPort))];
  }

  /** The port of this machine that stands for a server's; `undefined` when nothing listens there. */
  portOf(serverPort: number): number | undefined {
    return [...this.#listeners.values()].find((listener) => listener.serverPort === serverPort)?.port;
  }

  /** Statistics under Envoy's names, as of `mesh.stats`. */
  stats(pattern?: RegExp): Record<string, number> {
    return Object.fromEntries(this.#engine.collect(pattern));
  }

  /** Calls `listener` at every `event`, see {@link GatewayEvents}. */
  on<Event extends keyof GatewayEvents>(event: Event, listener: GatewayEvents[Event]): this {
    this.#events.on(event, listener as never);
    return this;
  }

  /** Undoes {@link on}. */
  off<Event extends keyof GatewayEvents>(event: Event, listener: GatewayEvents[Event]): this {
    this.#events.off(event, listener as never);
    return this;
  }

  /**
   * Takes no further connection and no further request on those that are open, waits for what is under way (at most `drainMs`
   * milliseconds, default 5000), then closes everything. Its mesh stays open.
   */
  close({ drainMs = 5000 }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#drain(drainMs);
    return this.#closed;
  }

  /** {@link close} with its defaults, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(drainMs: number): Promise<void> {
    this.#mesh.off('config', this.#onConfig);
    await this.#turn;
    for (const listener of this.#listeners.values()) listener.stop();
    this.#listeners.clear();
    this.#http.drain();
    if (drainMs > 0) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)));
      await Promise.race([Promise.all([this.#http.idle(), this.#bytes.idle()]), late]);
      clearTimeout(timer);
    }
    this.#http.close();
    this.#bytes.close();
    this.#engine.close(new MeshError('ERR_MESH_CLOSED', 'the gateway was closed'));
    this.#events.removeAllListeners();
    await this.#accessLog.flush();
  }

  #compile(): GatewaySnapshot {
    const { labels, namespace = 'istio-system', locality } = this.#options;
    const { resources, version } = this.#mesh.snapshot;
    const workload = { namespace, labels, ...(locality !== undefined && { locality }) };
    return compileGateway(resources, { ...partsOf(this.#mesh).compile, workload, version }, this.#memo);
  }

  #renew(): void {
    try {
      this.#served = this.#compile();
    } catch (error) {
      this.#problem((error as Error).message);
      return;
    }
    this.#engine.use(this.#served.snapshot);
    this.#turn = this.#turn.then(() => this.#listen((error) => this.#problem(error.message))).then(() => this.#tell('config'));
  }

  /** Opens and closes ports until they are those that are served. */
  async #listen(failed: (error: Error) => void): Promise<void> {
    if (this.#closed !== undefined) return;
    const { listeners, rejected } = this.#served;
    for (const message of rejected) this.#problem(message);
    const wanted = new Map(listeners.map((spec) => [spec.name, spec]));
    for (const [name, listener] of this.#listeners) {
      const spec = wanted.get(name);
      if (spec !== undefined) {
        listener.use(spec);
        continue;
      }
      listener.stop();
      this.#listeners.delete(name);
    }
    for (const spec of wanted.values()) if (!this.#listeners.has(spec.name)) await this.#open(spec).catch(failed);
  }

  async #open(spec: GatewayListenerSpec): Promise<void> {
    const { address = '127.0.0.1', ports = {} } = this.#options;
    this.#listeners.set(spec.name, await GatewayListener.open(spec, placeOf(spec, address, ports), this.#context, { http: this.#http, bytes: this.#bytes }));
  }

  #tell<Event extends keyof GatewayEvents>(event: Event, ...about: Parameters<GatewayEvents[Event]>): void {
    apart(() => this.#events.emit(event, ...(about as never)));
  }

  /** Each is told once: what is wrong with a certificate goes wrong for every caller. */
  #problem(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    if (this.#events.listenerCount('problem') > 0) this.#tell('problem', message);
    else process.emitWarning(message, { type: 'MeshWarning' });
  }
}

/**
 * Starts a gateway beside `mesh`: it listens on the ports of the Gateways that select `options.labels`, and follows every change of the mesh's
 * rules. Close it before its mesh.
 *
 * @throws {MeshError} `ERR_LISTEN` when a port can't be had, `ERR_INVALID_ARGUMENT` for limits that are none.
 */
export function createGateway(mesh: Mesh, options: GatewayOptions): Promise<Gateway> {
  return Gateway.start(mesh, options);
}
