import { randomHash64 } from '../common/hash64.ts';
import type { PickContext } from './balancers/balancer.ts';
import { isHashed } from './balancers/create-balancer.ts';
import { Host, hostKey } from './host.ts';
import type { ClusterSpec } from './model.ts';
import { pickPriority, priorityLoad, type PriorityLoad } from './priority-load.ts';
import { PriorityLevel } from './priority-level.ts';
import { UpdateWindow } from './update-window.ts';

/** What of a cluster decides which host a request gets. */
export type HostSetSpec = Pick<
  ClusterSpec,
  'endpoints' | 'priorities' | 'localityWeights' | 'loadBalancer' | 'panicThreshold'
>;

/** Hosts that came and went with an update: the engine watches the ones and drains the others. */
export interface HostChanges {
  readonly added: readonly Host[];
  readonly removed: readonly Host[];
}

/** A rejected pick is made again this often, then the last one stands. Source: istio `hostSelectionRetryMaxAttempts`. */
const MAX_REPICKS = 5;

const NONE: ReadonlySet<Host> = new Set();

/**
 * The hosts of one cluster, with health as the balancer sees it.
 *
 * The detector ejects at once; the balancer learns of it through an update window ({@link healthChanged}). Members that
 * come or go are seen at once.
 */
export class HostSet {
  #spec: HostSetSpec;
  #hosts: readonly Host[] = [];
  readonly #window = new UpdateWindow();
  /** Ejected as of the latest {@link healthChanged}: what an update that waits will tell the balancer. */
  #ejected: ReadonlySet<Host> = NONE;
  #levels: readonly PriorityLevel[] = [];
  #load: PriorityLoad = { loads: [], panic: [] };
  #hashed = false;
  /** Whether the age of a host counts. */
  #warms = false;
  #version = 0;
  #healthyPanics = 0;

  constructor(spec: HostSetSpec, now: number) {
    this.#spec = spec;
    this.#hosts = this.#members(spec, now);
    this.#rebuild();
  }

  /** Every host, ejected or not, in the order of the endpoints. */
  get hosts(): readonly Host[] {
    return this.#hosts;
  }

  /** Counts up whenever the balancer sees other hosts or other health. */
  get version(): number {
    return this.#version;
  }

  /** Whether a request's hash decides on its host: {@link pick} then wants it, others need not compute it. */
  get hashed(): boolean {
    return this.#hashed;
  }

  /** How many picks ignored health because too few hosts were healthy (`lb_healthy_panic`). */
  get healthyPanics(): number {
    return this.#healthyPanics;
  }

  /** `membership_total`. */
  get membershipTotal(): number {
    return this.#hosts.length;
  }

  /** `membership_healthy`: as the detector knows it, ahead of the balancer. */
  get membershipHealthy(): number {
    return this.#hosts.reduce((count, host) => (host.ejected ? count : count + 1), 0);
  }

  /** When {@link applyDue} has something to do, in milliseconds; `Infinity` when no change waits. */
  get nextChangeAt(): number {
    return this.#window.dueAt;
  }

  /**
   * The host for one request, or `undefined` when there is none (`UH`).
   *
   * Priority by health, then panic or the healthy ones, then the balancer, as Envoy does for one request.
   */
  pick(now: number, context: PickContext): Host | undefined {
    if (now >= this.#window.dueAt) this.applyDue(now);
    const { skip } = context;
    // One hash for the priority and all repicks, also where it stands for none.
    const hash = this.#hashed ? (context.hash ?? randomHash64(context.random)) : undefined;
    const choice = hash === context.hash && !this.#warms ? context : { ...context, hash, now };
    for (let repick = 0; ; repick++) {
      const host = this.#pickOnce(choice, repick);
      if (skip === undefined || host === undefined || repick === MAX_REPICKS || !skip(host)) return host;
    }
  }

  /**
   * Takes over other endpoints or another policy. Hosts whose address stays are the same objects as before; of two endpoints
   * with one address the first counts.
   */
  update(spec: HostSetSpec, now: number): HostChanges {
    const before = this.#hosts;
    const seen = this.#picture();
    this.#spec = spec;
    this.#hosts = this.#members(spec, now);
    if (this.#picture() === seen) return { added: [], removed: [] };
    this.#learn();
    this.#apply(now);
    const old = new Set(before);
    const current = new Set(this.#hosts);
    return {
      added: this.#hosts.filter((host) => !old.has(host)),
      removed: before.filter((host) => !current.has(host)),
    };
  }

  /** Tells that hosts were ejected or are back as of `now`; the balancer sees it now or at {@link nextChangeAt}. */
  healthChanged(now: number): void {
    this.applyDue(now);
    this.#learn();
    if (this.#window.admit(now)) this.#apply(now);
  }

  /** Lets the balancer see a change that waited long enough. Picks do this by themselves. @returns whether there was one. */
  applyDue(now: number): boolean {
    const { dueAt } = this.#window;
    if (now < dueAt) return false;
    this.#apply(dueAt);
    return true;
  }

  #pickOnce(context: PickContext, repick: number): Host | undefined {
    const { loads } = this.#load;
    const priority = pickPriority(context.priorities?.loads(this.#levels, loads) ?? loads, context.random, context.hash);
    const level = this.#levels[priority];
    if (level === undefined) return undefined;
    if (!this.#load.panic[priority]) return level.pickHealthy(context, repick);
    this.#healthyPanics++;
    return level.pickAny(context, repick);
  }

  #members(spec: HostSetSpec, now: number): readonly Host[] {
    const known = new Map(this.#hosts.map((host) => [host.key, host]));
    const members = new Map<string, Host>();
    spec.endpoints.forEach((endpoint, index) => {
      const key = hostKey(endpoint);
      if (members.has(key)) return;
      const host = known.get(key) ?? new Host(endpoint, now);
      host.endpoint = endpoint;
      host.priority = spec.priorities?.[index] ?? 0;
      host.localityWeight = spec.localityWeights?.[index] ?? 0;
      members.set(key, host);
    });
    return [...members.values()];
  }

  /** Everything that the balancer's choices depend on, health apart. */
  #picture(): string {
    const { loadBalancer, panicThreshold, localityWeights } = this.#spec;
    const hosts = this.#hosts.map(({ key, endpoint, priority, localityWeight }) => [
      key,
      endpoint.weight,
      priority,
      localityWeights && [localityWeight, endpoint.locality],
    ]);
    return JSON.stringify([loadBalancer, panicThreshold, hosts]);
  }

  #learn(): void {
    const ejected = this.#hosts.filter((host) => host.ejected);
    this.#ejected = ejected.length === 0 ? NONE : new Set(ejected);
  }

  #apply(at: number): void {
    this.#window.applied(at);
    this.#rebuild();
  }

  #rebuild(): void {
    const { loadBalancer, panicThreshold, localityWeights } = this.#spec;
    this.#hashed = isHashed(loadBalancer);
    this.#warms = 'warmup' in loadBalancer && loadBalancer.warmup !== undefined;
    const last = this.#hosts.reduce((max, { priority }) => Math.max(max, priority), -1);
    this.#levels = Array.from({ length: last + 1 }, (_, priority) => {
      // Lists that are the same are shared: most clusters have one priority and nobody ejected.
      const hosts = last === 0 ? this.#hosts : this.#hosts.filter((host) => host.priority === priority);
      const healthy = this.#ejected.size === 0 ? hosts : hosts.filter((host) => !this.#ejected.has(host));
      return new PriorityLevel(hosts, healthy, loadBalancer, localityWeights !== undefined);
    });
    this.#load = priorityLoad(this.#levels, panicThreshold);
    this.#version++;
  }
}
