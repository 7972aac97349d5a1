/** Limits and times of the model; 0 stands for none. All times are multiples of {@link TICK_MS}. */
export interface SlowPoolOptions {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  readonly maxRequestsPerConnection: number;
  readonly maxConcurrentStreams: number;
  readonly idleTimeoutMs: number;
  readonly maxConnectionDurationMs: number;
}

export const TICK_MS = 50;

/** What one request does when it gets what it waits for, or doesn't. */
export interface SlowRequest {
  readonly id: number;
  readonly host: number;
  /** Turns out not to be sendable, just when it has its connection. */
  readonly unsendable: boolean;
  /** Asks once more, at once, when its connection fails to open. */
  insistent: boolean;
  outcome: string;
  connection: SlowConnection | undefined;
}

export interface SlowConnection {
  /** Counted for each host. */
  readonly id: number;
  readonly host: number;
  state: 'connecting' | 'open' | 'closed';
  /** Of those who begin on it; the other side has said that it takes no more, or nobody noticed yet that it is gone. */
  welcoming: boolean;
  /** No further request begins on it: it had as many as it may have, or is too old. */
  draining: boolean;
  /** How many requests the other side allows at once. */
  allowed: number;
  begun: number;
  requests: SlowRequest[];
  openedAt: number;
  idleSince: number | undefined;
  /** When it last came to have room, by a count of such events; `undefined` while it has none. */
  roomSince: number | undefined;
}

/** No more than that are opened on one occasion. Source: Envoy `tryCreateNewConnections`. */
const AT_ONCE = 3;

/**
 * The connections of two endpoints of one cluster, as the documents of Istio and Envoy tell it: lists that are looked through from
 * end to end, counts that are taken anew each time. What the pools are compared with.
 */
export class SlowPoolModel {
  readonly counts = {
    upstream_cx_total: 0,
    upstream_cx_connect_fail: 0,
    upstream_cx_connect_timeout: 0,
    upstream_cx_destroy: 0,
    upstream_cx_destroy_local: 0,
    upstream_cx_destroy_remote: 0,
    upstream_cx_destroy_with_active_rq: 0,
    upstream_cx_destroy_local_with_active_rq: 0,
    upstream_cx_destroy_remote_with_active_rq: 0,
    upstream_cx_idle_timeout: 0,
    upstream_cx_max_duration_reached: 0,
    upstream_cx_max_requests: 0,
    upstream_cx_overflow: 0,
    upstream_rq_total: 0,
    upstream_rq_active_overflow: 0,
    upstream_rq_pending_total: 0,
    upstream_rq_pending_overflow: 0,
    upstream_rq_pending_failure_eject: 0,
  };
  readonly requests: SlowRequest[] = [];
  readonly connections: SlowConnection[] = [];
  now = 0;
  #options: SlowPoolOptions;
  readonly #multiplexed: boolean;
  /** The requests that wait, the longest waiting first. */
  #queue: SlowRequest[] = [];
  /** Those that are just being told of a failure still count as waiting until it is their turn. */
  #beingTold = 0;
  #events = 0;
  readonly #drained = new Set<number>();
  #destroyed = false;

  constructor(options: SlowPoolOptions, multiplexed: boolean) {
    this.#options = options;
    this.#multiplexed = multiplexed;
  }

  // ---- what can be seen

  /** Connections open or being opened. */
  get alive(): readonly SlowConnection[] {
    return this.connections.filter(({ state }) => state !== 'closed');
  }

  get open(): readonly SlowConnection[] {
    return this.connections.filter(({ state }) => state === 'open');
  }

  get pending(): number {
    return this.#queue.length + this.#beingTold;
  }

  get active(): readonly SlowRequest[] {
    return this.connections.flatMap(({ requests }) => requests);
  }

  get waiting(): readonly SlowRequest[] {
    return this.#queue;
  }

  // ---- what happens

  request(host: number, kind: { readonly unsendable: boolean; readonly insistent: boolean }): SlowRequest {
    const request: SlowRequest = { id: this.requests.length, host, ...kind, outcome: '', connection: undefined };
    this.requests.push(request);
    this.ask(request);
    return request;
  }

  /** A request asks for a connection, perhaps not for the first time. */
  ask(request: SlowRequest): void {
    request.connection = undefined;
    const connection = this.#withRoom(request.host);
    if (this.#destroyed) {
      request.outcome = 'local-reset';
    } else if (connection !== undefined) {
      this.#begin(request, connection);
    } else if (this.pending >= (this.#options.maxPendingRequests || Infinity)) {
      this.counts.upstream_rq_pending_overflow++;
      request.outcome = 'overflow';
    } else {
      this.counts.upstream_rq_pending_total++;
      request.outcome = 'waits';
      this.#queue.push(request);
      this.#openForThoseWhoWait(request.host);
    }
  }

  cancel(request: SlowRequest): void {
    this.#queue = this.#queue.filter((each) => each !== request);
    request.outcome = 'cancelled';
  }

  connected(connection: SlowConnection): void {
    connection.state = 'open';
    connection.welcoming = true;
    connection.openedAt = this.now;
    this.#lookAt(connection);
    this.#openForThoseWhoWait(connection.host);
  }

  connectFailed(connection: SlowConnection, timedOut: boolean): void {
    this.counts.upstream_cx_connect_fail++;
    if (timedOut) this.counts.upstream_cx_connect_timeout++;
    this.#gone(connection, timedOut ? 'local' : 'remote');
    const failed = this.#queue.filter(({ host }) => host === connection.host);
    this.#queue = this.#queue.filter(({ host }) => host !== connection.host);
    this.#beingTold = failed.length;
    this.counts.upstream_rq_pending_failure_eject += failed.length;
    for (const request of failed) {
      this.#beingTold--;
      request.outcome = timedOut ? 'connection-timeout' : 'connection-failure';
      if (!request.insistent) continue;
      request.insistent = false;
      this.ask(request);
    }
  }

  /** A request had its whole response. */
  finished(request: SlowRequest): void {
    this.#leaves(request, 'finished');
  }

  /** A request was cut short. HTTP/1.1 has no way to go on after that. */
  cutShort(request: SlowRequest, by: 'local' | 'remote' | undefined, outcome = 'cut short'): void {
    if (this.#multiplexed) {
      this.#leaves(request, outcome);
      return;
    }
    const connection = request.connection!;
    connection.requests = [];
    request.outcome = outcome;
    this.#gone(connection, by ?? 'local');
    if (by !== undefined) this.#cutOff(by);
    this.#openForThoseWhoWait(connection.host);
  }

  /** The other side closes an open connection, or it breaks. */
  hungUp(connection: SlowConnection): void {
    const cut = connection.requests;
    connection.requests = [];
    for (const request of cut) request.outcome = 'cut short';
    this.#gone(connection, 'remote');
    if (cut.length > 0) this.#cutOff('remote');
    this.#openForThoseWhoWait(connection.host);
  }

  /** The other side takes no further requests, or the connection is gone and only a new request would notice. */
  unwelcoming(connection: SlowConnection): void {
    connection.welcoming = false;
    connection.roomSince = undefined;
  }

  /** The first byte could not be written: the request asks for another connection, and the attempt doesn't count. */
  stale(request: SlowRequest): void {
    const connection = request.connection!;
    this.unwelcoming(connection);
    this.counts.upstream_rq_total--;
    if (this.#multiplexed) {
      this.#leaves(request, 'stale');
    } else {
      connection.requests = [];
      this.#gone(connection, 'local');
      this.#openForThoseWhoWait(connection.host);
    }
    this.ask(request);
  }

  /** The other side allows another number of requests at once. */
  allows(connection: SlowConnection, count: number): void {
    connection.allowed = count;
    const hasRoom = this.#hasRoom(connection);
    this.#lookAt(connection);
    if (hasRoom) this.#openForThoseWhoWait(connection.host);
  }

  configure(options: SlowPoolOptions): void {
    this.#options = options;
    for (const host of [0, 1]) {
      for (const connection of this.open.filter((each) => each.host === host)) {
        if (!connection.draining && connection.begun >= this.#mayBegin) this.#drains(connection, 'upstream_cx_max_requests');
        else this.#isItsTimeOver(connection);
        this.#lookAt(connection);
      }
      this.#openForThoseWhoWait(host);
    }
  }

  /** @param order - hosts, the first of which comes first; default: as their connections were opened */
  tick(order: readonly number[] = []): void {
    this.now += TICK_MS;
    const place = ({ host }: SlowConnection): number => (order.includes(host) ? order.indexOf(host) : order.length);
    for (const connection of this.open.toSorted((a, b) => place(a) - place(b))) this.#isItsTimeOver(connection);
  }

  /** The endpoint is no longer used: what is idle is closed, the rest when it becomes idle. */
  drain(host: number): void {
    this.#drained.add(host);
    for (const connection of this.open) {
      if (connection.host !== host || connection.requests.length > 0) continue;
      this.#gone(connection, 'local');
      this.#openForThoseWhoWait(host);
    }
  }

  destroy(): void {
    this.#destroyed = true;
    for (const request of this.#queue) request.outcome = 'local-reset';
    this.#queue = [];
    for (const connection of this.alive) this.#gone(connection, 'local');
  }

  // ---- rules

  get #mayBegin(): number {
    return this.#options.maxRequestsPerConnection || Infinity;
  }

  get #mayHaveAtOnce(): number {
    return this.#multiplexed ? this.#options.maxConcurrentStreams || Infinity : 1;
  }

  #hasRoom({ state, welcoming, draining, requests, allowed }: SlowConnection): boolean {
    return state === 'open' && welcoming && !draining && requests.length < Math.min(allowed, this.#mayHaveAtOnce);
  }

  /** The connection that came to have room last: so the others can grow old. */
  #withRoom(host: number): SlowConnection | undefined {
    return this.connections
      .filter((connection) => connection.host === host && this.#hasRoom(connection))
      .toSorted((a, b) => b.roomSince! - a.roomSince!)[0];
  }

  #hasRoomNow(connection: SlowConnection): void {
    if (!this.#hasRoom(connection)) connection.roomSince = undefined;
    else connection.roomSince ??= ++this.#events;
  }

  #begin(request: SlowRequest, connection: SlowConnection): void {
    if (this.active.length >= (this.#options.maxRequests || Infinity)) {
      this.counts.upstream_rq_active_overflow++;
      request.outcome = 'overflow';
      return;
    }
    this.counts.upstream_rq_total++;
    request.outcome = 'begun';
    request.connection = connection;
    connection.requests.push(request);
    connection.begun++;
    connection.idleSince = undefined;
    if (connection.begun >= this.#mayBegin) this.#drains(connection, 'upstream_cx_max_requests');
    this.#hasRoomNow(connection);
    if (request.unsendable) this.cutShort(request, undefined, 'unsendable');
  }

  #serve(connection: SlowConnection): void {
    while (this.#hasRoom(connection)) {
      const longestWaiting = this.#queue.find(({ host }) => host === connection.host);
      if (longestWaiting === undefined) return;
      this.#queue = this.#queue.filter((each) => each !== longestWaiting);
      this.#begin(longestWaiting, connection);
    }
  }

  #openForThoseWhoWait(host: number): void {
    for (let opened = 0; opened < AT_ONCE; opened++) {
      const onTheWay = this.connections.filter((connection) => connection.host === host && connection.state === 'connecting');
      const willHaveRoomFor = onTheWay.length === 0 ? 0 : onTheWay.length * Math.min(this.#mayHaveAtOnce, this.#mayBegin);
      if (this.#queue.filter((request) => request.host === host).length <= willHaveRoomFor) return;
      const isFull = this.alive.length >= (this.#options.maxConnections || Infinity);
      if (isFull) this.counts.upstream_cx_overflow++;
      // Whoever waits for an endpoint without a connection would wait for ever.
      if (isFull && this.alive.some((connection) => connection.host === host)) return;
      this.counts.upstream_cx_total++;
      this.connections.push({
        id: this.connections.filter((connection) => connection.host === host).length,
        host,
        state: 'connecting',
        welcoming: false,
        draining: false,
        allowed: this.#multiplexed ? Infinity : 1,
        begun: 0,
        requests: [],
        openedAt: this.now,
        idleSince: undefined,
        roomSince: undefined,
      });
      if (isFull) return;
    }
  }

  #leaves(request: SlowRequest, outcome: string): void {
    const connection = request.connection!;
    connection.requests = connection.requests.filter((each) => each !== request);
    request.outcome = outcome;
    if (connection.state === 'closed') return;
    if (connection.welcoming && !connection.draining) {
      this.#lookAt(connection);
      this.#openForThoseWhoWait(connection.host);
    } else if (connection.requests.length === 0) {
      this.#gone(connection, 'local');
      this.#openForThoseWhoWait(connection.host);
    }
  }

  /** Room may have come or gone. */
  #lookAt(connection: SlowConnection): void {
    this.#hasRoomNow(connection);
    this.#serve(connection);
    this.#rests(connection);
  }

  #rests(connection: SlowConnection): void {
    if (connection.state !== 'open' || connection.requests.length > 0 || connection.idleSince !== undefined) return;
    if (!this.#drained.has(connection.host)) {
      connection.idleSince = this.now;
      return;
    }
    this.#gone(connection, 'local');
    this.#openForThoseWhoWait(connection.host);
  }

  #drains(connection: SlowConnection, why: 'upstream_cx_max_requests' | 'upstream_cx_max_duration_reached'): void {
    this.counts[why]++;
    connection.draining = true;
    connection.roomSince = undefined;
    if (connection.requests.length > 0) return;
    this.#gone(connection, 'local');
    this.#openForThoseWhoWait(connection.host);
  }

  #isItsTimeOver(connection: SlowConnection): void {
    const { idleTimeoutMs, maxConnectionDurationMs } = this.#options;
    const { draining, openedAt, idleSince } = connection;
    if (maxConnectionDurationMs > 0 && !draining && this.now - openedAt >= maxConnectionDurationMs) {
      this.#drains(connection, 'upstream_cx_max_duration_reached');
    } else if (idleTimeoutMs > 0 && idleSince !== undefined && this.now - idleSince >= idleTimeoutMs) {
      this.counts.upstream_cx_idle_timeout++;
      this.#gone(connection, 'local');
      this.#openForThoseWhoWait(connection.host);
    }
  }

  #gone(connection: SlowConnection, by: 'local' | 'remote'): void {
    connection.state = 'closed';
    connection.roomSince = undefined;
    this.counts.upstream_cx_destroy++;
    this.counts[`upstream_cx_destroy_${by}`]++;
  }

  #cutOff(by: 'local' | 'remote'): void {
    this.counts.upstream_cx_destroy_with_active_rq++;
    this.counts[`upstream_cx_destroy_${by}_with_active_rq`]++;
  }
}
