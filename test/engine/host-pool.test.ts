import { beforeEach, describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../src/cluster/circuit-breaker.ts';
import type { CircuitBreakerOptions, ConnectionOptions } from '../../src/cluster/model.ts';
import type { Connection, ConnectionOwner } from '../../src/engine/connection.ts';
import { HostPool, type PoolWaiter } from '../../src/engine/host-pool.ts';
import type { WireProtocol } from '../../src/engine/wire.ts';
import type { ResetReason } from '../../src/route/retry-policy.ts';
import { ClusterStats } from '../../src/telemetry/cluster-stats.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { FakeConnection } from './fake-connection.ts';

class Waiter implements PoolWaiter {
  connection: FakeConnection | undefined;
  failure: ResetReason | undefined;
  error: Error | undefined;

  onConnection(connection: Connection): void {
    this.connection = connection as unknown as FakeConnection;
    this.connection.requests++;
  }

  onPoolFailure(reason: ResetReason, error?: Error): void {
    this.failure = reason;
    this.error = error;
  }
}

let clock: VirtualClock;
let stats: ClusterStats;
let breaker: CircuitBreaker;
let pool: HostPool;
let connections: FakeConnection[];
let connection: ConnectionOptions;

function make(limits: CircuitBreakerOptions = {}, options: Partial<ConnectionOptions> = {}, protocol: WireProtocol = 'http1'): void {
  clock = new VirtualClock();
  stats = new ClusterStats();
  breaker = new CircuitBreaker(limits);
  connections = [];
  connection = { connectTimeoutMs: 1000, idleTimeoutMs: 0, maxRequestsPerConnection: 0, maxConnectionDurationMs: 0, ...options };
  const open = (owner: ConnectionOwner): Connection => {
    const opened = new FakeConnection(owner, clock, protocol);
    connections.push(opened);
    return opened.self;
  };
  pool = new HostPool({ breaker, stats, clock, connectionOptions: () => connection }, open, protocol);
}

function acquire(): Waiter {
  const waiter = new Waiter();
  pool.acquire(waiter);
  return waiter;
}

function release({ connection }: Waiter): void {
  breaker.releaseRequest();
  stats.upstream_rq_active--;
  pool.release(connection!.self);
}

/** A waiter with a connection, freshly opened for it. */
function attached(): Waiter {
  const waiter = acquire();
  connections.at(-1)!.open();
  return waiter;
}

beforeEach(() => make());

describe('a request', () => {
  it('waits for a connection, and has it as soon as it is open', () => {
    const waiter = acquire();
    expect(waiter).toMatchObject({ connection: undefined, failure: undefined });
    expect(stats).toMatchObject({ upstream_rq_pending_total: 1, upstream_rq_pending_active: 1, upstream_cx_total: 1, upstream_rq_total: 0 });

    connections[0]!.open();

    expect(waiter.connection).toBe(connections[0]);
    expect(stats).toMatchObject({ upstream_rq_pending_active: 0, upstream_rq_total: 1, upstream_rq_active: 1, upstream_cx_active: 1 });
  });

  it('takes the connection that was used last, so that the others can become old', () => {
    const waiters = [acquire(), acquire(), acquire()];
    for (const connection of connections) connection.open();
    for (const waiter of waiters) release(waiter);

    expect(acquire().connection).toBe(waiters[2]!.connection);
    expect(acquire().connection).toBe(waiters[1]!.connection);
    expect(connections).toHaveLength(3);
    expect(stats.upstream_rq_pending_total).toBe(3);
  });

  it('has the connection that is ready first, whoever it was opened for; the longest waiting first', () => {
    const waiters = [acquire(), acquire(), acquire()];

    connections[2]!.open();
    connections[0]!.open();

    expect(waiters.map(({ connection }) => connection)).toEqual([connections[2], connections[0], undefined]);
    release(waiters[1]!);
    expect(waiters[2]!.connection).toBe(connections[0]);
  });

  it('takes a connection that another gave back while its own was being opened, which then is spare', () => {
    const first = attached();
    const second = acquire();
    release(first);

    expect(second.connection).toBe(connections[0]);
    connections[1]!.open();
    expect(acquire().connection).toBe(connections[1]);
    expect(connections).toHaveLength(2);
  });

  it('can stop waiting', () => {
    const [first, second] = [acquire(), acquire()];

    expect(pool.cancel(first)).toBe(true);
    expect(pool.cancel(first)).toBe(false);
    connections[0]!.open();

    expect(first.connection).toBeUndefined();
    expect(second.connection).toBe(connections[0]);
    expect([breaker.pending, stats.upstream_rq_pending_active]).toEqual([0, 0]);
    expect(pool.cancel(second)).toBe(false);
  });
});

describe('limits', () => {
  it('pending: those above it are refused', () => {
    make({ maxPendingRequests: 2 });
    const waiters = [acquire(), acquire(), acquire()];

    expect(waiters.map(({ failure }) => failure)).toEqual([undefined, undefined, 'overflow']);
    expect(stats.upstream_rq_pending_overflow).toBe(1);
    connections[0]!.open();
    expect(acquire().failure).toBeUndefined();
  });

  it('connections: no more are opened, and those who wait are served in turn', () => {
    make({ maxConnections: 1 });
    const [first, second, third] = [attached(), acquire(), acquire()];

    expect(connections).toHaveLength(1);
    expect(stats.upstream_cx_overflow).toBe(2);
    release(first);
    expect(second.connection).toBe(connections[0]);
    release(second);
    expect(third.connection).toBe(connections[0]);
  });

  it('connections: an endpoint without any has one all the same', () => {
    make({ maxConnections: 1 });
    breaker.tryAcquireConnection(true);

    const waiter = attached();

    expect(waiter.connection).toBe(connections[0]);
    expect(breaker.connections).toBe(2);
    expect(stats.upstream_cx_overflow).toBe(1);
  });

  it('requests: refused when a connection is there, and the connection stays', () => {
    make({ maxRequests: 1 });
    const first = attached();
    const second = acquire();
    connections[1]!.open();

    expect(second.failure).toBe('overflow');
    expect(stats).toMatchObject({ upstream_rq_active_overflow: 1, upstream_cx_active: 2, upstream_rq_total: 1 });
    release(first);
    expect(acquire().connection).toBe(connections[0]);
  });

  it('requests: refused one after the other, in order, however many wait', () => {
    make({ maxRequests: 1, maxConnections: 1 });
    const first = attached();
    const order: number[] = [];
    const count = 20_000;
    for (let i = 0; i < count; i++) pool.acquire({ onConnection: () => expect.unreachable(), onPoolFailure: () => order.push(i) });
    // A request of another endpoint comes first.
    breaker.releaseRequest();
    breaker.tryAcquireRequest();
    pool.release(first.connection!.self);

    expect(order).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(breaker.pending).toBe(0);
    breaker.releaseRequest();
    expect(acquire().connection).toBe(connections[0]);
  });
});

describe('a connection that fails to open', () => {
  it.each([
    [false, 'connection-failure'],
    [true, 'connection-timeout'],
  ] as const)('fails everyone who waits (timed out: %s)', (timedOut, reason) => {
    const waiters = [acquire(), acquire()];

    connections[1]!.fail(timedOut);

    expect(waiters.map(({ failure, error }) => [failure, error?.message])).toEqual([[reason, 'refused'], [reason, 'refused']]);
    expect(stats).toMatchObject({ upstream_cx_connect_fail: 1, upstream_cx_connect_timeout: timedOut ? 1 : 0, upstream_rq_pending_failure_eject: 2, upstream_rq_pending_active: 0, upstream_cx_active: 1 });
    connections[0]!.open();
    expect(acquire().connection).toBe(connections[0]);
  });

  it.each([
    [false, { upstream_cx_destroy: 1, upstream_cx_destroy_remote: 1, upstream_cx_destroy_local: 0 }],
    [true, { upstream_cx_destroy: 1, upstream_cx_destroy_remote: 0, upstream_cx_destroy_local: 1 }],
  ])('was ended by the other side, or here when the time was over (timed out: %s)', (timedOut, counts) => {
    acquire();
    connections[0]!.fail(timedOut);

    expect(stats).toMatchObject(counts);
  });

  it('leaves requests on other connections alone', () => {
    const first = attached();
    acquire();
    connections[1]!.fail();

    expect(first.failure).toBeUndefined();
    release(first);
    expect(acquire().connection).toBe(connections[0]);
  });

  it('lets whoever it failed ask again at once', () => {
    const again = new Waiter();
    pool.acquire({ onConnection: () => {}, onPoolFailure: () => pool.acquire(again) });

    connections[0]!.fail();
    connections[1]!.open();

    expect(again.connection).toBe(connections[1]);
    expect([breaker.connections, breaker.pending]).toEqual([1, 0]);
  });
});

describe('a connection ends', () => {
  it('after its last allowed request', () => {
    make({}, { maxRequestsPerConnection: 2 });
    const first = attached();
    release(first);
    const second = acquire();
    expect(second.connection).toBe(connections[0]);
    release(second);

    expect(connections[0]!.closed).toBe(true);
    expect(stats).toMatchObject({ upstream_cx_max_requests: 1, upstream_cx_active: 0, upstream_cx_destroy: 1, upstream_cx_destroy_local: 1 });
    expect(acquire().connection).toBeUndefined();
    expect(connections).toHaveLength(2);
  });

  it('with requests waiting: another is opened for them', () => {
    make({ maxConnections: 1 }, { maxRequestsPerConnection: 1 });
    const [first, second] = [attached(), acquire()];
    release(first);

    expect(connections).toHaveLength(2);
    connections[1]!.open();
    expect(second.connection).toBe(connections[1]);
  });

  it('when it was idle for its time, and not before', async () => {
    make({}, { idleTimeoutMs: 1000 });
    const [first, second] = [attached(), attached()];
    release(first);
    await clock.advance(600);
    release(second);
    await clock.advance(399);
    expect(pool.connections).toBe(2);

    await clock.advance(1);
    expect(connections.map(({ closed }) => closed)).toEqual([true, false]);
    await clock.advance(600);

    expect(connections.map(({ closed }) => closed)).toEqual([true, true]);
    expect(stats).toMatchObject({ upstream_cx_idle_timeout: 2, upstream_cx_active: 0 });
    expect(clock.pending).toBe(0);
  });

  it('never by idleness while a request is on it', async () => {
    make({}, { idleTimeoutMs: 1000 });
    const waiter = attached();
    release(waiter);
    await clock.advance(900);
    const again = acquire();
    await clock.advance(5000);

    expect(connections[0]!.closed).toBe(false);
    release(again);
    await clock.advance(999);
    expect(connections[0]!.closed).toBe(false);
    await clock.advance(1);
    expect(connections[0]!.closed).toBe(true);
  });

  it('at its age: the request on it ends, no other begins', async () => {
    make({}, { maxConnectionDurationMs: 1000 });
    const waiter = attached();
    await clock.advance(1500);
    expect(connections[0]!.closed).toBe(false);
    release(waiter);

    expect(connections[0]!.closed).toBe(true);
    expect(stats.upstream_cx_max_duration_reached).toBe(1);
  });

  it('at its age, also when it is idle then', async () => {
    make({}, { maxConnectionDurationMs: 1000 });
    release(attached());
    await clock.advance(999);
    expect(connections[0]!.closed).toBe(false);
    await clock.advance(1);

    expect(connections[0]!.closed).toBe(true);
    expect(stats).toMatchObject({ upstream_cx_max_duration_reached: 1, upstream_cx_idle_timeout: 0 });
  });

  it('at its age, though the timer was set for one with more time', async () => {
    make({}, { maxConnectionDurationMs: 1000 });
    const old = attached();
    await clock.advance(500);
    const young = attached();
    release(young);
    await clock.advance(400);
    release(old);
    await clock.advance(99);
    expect(old.connection!.closed).toBe(false);

    await clock.advance(1);
    expect(old.connection!.closed).toBe(true);
    expect(acquire().connection).toBe(young.connection);
  });

  it('at its age, which counts from when it was open', async () => {
    make({}, { maxConnectionDurationMs: 1000 });
    const waiter = acquire();
    await clock.advance(800);
    connections[0]!.open();
    release(waiter);
    await clock.advance(999);
    expect(connections[0]!.closed).toBe(false);

    await clock.advance(1);
    expect(connections[0]!.closed).toBe(true);
  });

  it('is counted when its age or its last request decide it, not when the request ends that is still on it', async () => {
    make({}, { maxConnectionDurationMs: 1000 });
    attached();
    await clock.advance(1000);
    expect(stats).toMatchObject({ upstream_cx_max_duration_reached: 1, upstream_cx_active: 1 });

    make({}, { maxRequestsPerConnection: 1 });
    attached();
    expect(stats).toMatchObject({ upstream_cx_max_requests: 1, upstream_cx_active: 1 });
  });

  it('when the other side hangs up; who waits gets another', () => {
    make({ maxConnections: 1 });
    const [first, second] = [attached(), acquire()];
    connections[0]!.hangUp();

    expect(first.failure).toBeUndefined();
    expect(connections).toHaveLength(2);
    connections[1]!.open();
    expect(second.connection).toBe(connections[1]);
    expect(stats).toMatchObject({ upstream_cx_destroy: 1, upstream_cx_destroy_remote: 1, upstream_cx_destroy_local: 0 });
  });

  it('is counted once, though it is given back twice', () => {
    const waiter = attached();
    pool.discard(waiter.connection!.self, 'remote');
    pool.discard(waiter.connection!.self, 'local');
    pool.release(waiter.connection!.self);

    expect(stats).toMatchObject({ upstream_cx_active: 0, upstream_cx_destroy: 1, upstream_cx_destroy_remote: 1, upstream_cx_destroy_remote_with_active_rq: 1, upstream_cx_destroy_local: 0 });
    expect(acquire().connection).toBeUndefined();
  });

  it('that closed while idle is passed over', () => {
    const waiters = [acquire(), acquire()];
    for (const connection of connections) connection.open();
    for (const waiter of waiters) release(waiter);
    connections[1]!.usable = false;

    expect(acquire().connection).toBe(connections[0]);
  });
});

describe('connections are opened', () => {
  it('three at a time, however many wait', () => {
    make({ maxConnections: 1 });
    attached();
    for (let i = 0; i < 5; i++) acquire();
    breaker.update({ maxConnections: 9 });
    connections[0]!.usable = false;
    pool.discard(connections[0]!.self, 'remote');

    expect(connections).toHaveLength(4);
  });

  it('one, and one overflow, for an endpoint that has none while the limit is reached', () => {
    make({ maxConnections: 1 });
    attached();
    for (let i = 0; i < 2; i++) acquire();
    breaker.tryAcquireConnection(true);
    stats.upstream_cx_overflow = 0;
    pool.discard(connections[0]!.self, 'remote');

    expect(connections).toHaveLength(2);
    expect(stats.upstream_cx_overflow).toBe(1);
  });
});

describe('HTTP/2', () => {
  it('opens as many connections as requests need of which each has only so many', () => {
    make({}, { maxRequestsPerConnection: 2 }, 'http2');
    for (let i = 0; i < 4; i++) acquire();

    expect(connections).toHaveLength(2);
  });

  it('lets the others go on when one is cut short on a connection that takes no more', () => {
    make({}, {}, 'http2');
    const waiters = [acquire(), acquire(), acquire()];
    connections[0]!.open();
    connections[0]!.usable = false;
    for (const by of ['local', 'remote'] as const) {
      expect(connections[0]!.closed).toBe(false);
      breaker.releaseRequest();
      pool.abandon(connections[0]!.self, by);
    }
    expect(connections[0]).toMatchObject({ closed: false, streams: 1 });

    release(waiters[2]!);
    expect(connections[0]!.closed).toBe(true);
    expect(stats).toMatchObject({ upstream_cx_destroy_local: 1, upstream_cx_destroy_with_active_rq: 0 });
  });

  it('puts no more on a connection than the other side has come to allow', () => {
    make({}, {}, 'http2');
    const waiters = [acquire(), acquire()];
    connections[0]!.open();
    connections[0]!.allow(2);
    const third = acquire();
    expect(third.connection).toBeUndefined();
    expect(connections).toHaveLength(2);

    release(waiters[0]!);
    expect(third.connection).toBe(connections[0]);
  });

  it('serves who waits when the other side allows more', () => {
    make({ maxConnections: 1 }, {}, 'http2');
    acquire();
    connections[0]!.open();
    connections[0]!.allow(1);
    const waiters = [acquire(), acquire()];
    connections[0]!.allow(2);

    expect(waiters.map((waiter) => waiter.connection)).toEqual([connections[0], undefined]);
  });
});

describe('other options', () => {
  it('close at once what is idle for longer than they allow, and what had as many requests', () => {
    make({}, { idleTimeoutMs: 3_600_000 });
    release(attached());
    connection = { ...connection, maxRequestsPerConnection: 1 };
    pool.optionsChanged();
    expect(connections[0]!.closed).toBe(true);
    expect(stats.upstream_cx_max_requests).toBe(1);
  });

  it('hold for connections that are idle already', async () => {
    make({}, { idleTimeoutMs: 3_600_000 });
    release(attached());
    await clock.advance(500);
    connection = { ...connection, idleTimeoutMs: 1000 };
    pool.optionsChanged();
    expect(connections[0]!.closed).toBe(false);

    await clock.advance(500);
    expect(connections[0]!.closed).toBe(true);
    expect(stats.upstream_cx_idle_timeout).toBe(1);
  });

  it('let those go on who wait for what they now allow', () => {
    make({ maxConnections: 1 });
    attached();
    acquire();
    breaker.update({ maxConnections: 2 });
    pool.optionsChanged();

    expect(connections).toHaveLength(2);
  });
});

describe('drain', () => {
  it('closes what is idle, and the rest as it becomes idle; those who wait are still served', () => {
    const [busy, idle] = [attached(), attached()];
    release(idle);
    pool.drain();
    expect(connections.map(({ closed }) => closed)).toEqual([false, true]);

    const late = acquire();
    connections[2]!.open();
    expect(late.connection).toBe(connections[2]);
    release(busy);
    release(late);

    expect(connections.every(({ closed }) => closed)).toBe(true);
    expect(breaker.connections).toBe(0);
  });

  it('closes a connection that opens when nobody wants it any more', () => {
    const waiter = acquire();
    pool.drain();
    pool.cancel(waiter);
    connections[0]!.open();

    expect(connections[0]!.closed).toBe(true);
    expect(breaker.connections).toBe(0);
  });

  it('leaves no timer', () => {
    make({}, { idleTimeoutMs: 1000 });
    release(attached());
    pool.drain();

    expect(clock.pending).toBe(0);
  });
});

describe('destroy', () => {
  it('closes everything, fails who waits and who comes', () => {
    make({}, { idleTimeoutMs: 1000 });
    const [busy, idle] = [attached(), attached()];
    release(idle);
    acquire();
    const waiting = acquire();
    pool.destroy(new Error('closed'));

    expect([waiting.failure, waiting.error?.message]).toEqual(['local-reset', 'closed']);
    expect(acquire()).toMatchObject({ failure: 'local-reset' });
    expect(connections.every(({ closed }) => closed)).toBe(true);
    expect([breaker.connections, breaker.pending, clock.pending]).toEqual([0, 0, 0]);
    // The request on it finds out by itself, and gives its connection back.
    release(busy);
    expect(breaker.connections).toBe(0);
    expect(stats.upstream_cx_active).toBe(0);
  });
});
