import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../src/cluster/circuit-breaker.ts';
import type { CircuitBreakerOptions } from '../../src/cluster/model.ts';
import { COMMANDS, expectSame, MODEL_TIMEOUT_MS, runModel } from '../support/model-runs.ts';

type Kind = 'connection' | 'pending' | 'request' | 'retry';

/** One permit that is out, and which host's it is. */
interface Permit {
  readonly kind: Kind;
  readonly host: number;
}

/** Permits as a list of slips of paper: one more for each that was given, one less for each that came back. */
interface Model {
  options: CircuitBreakerOptions;
  permits: Permit[];
}

const KINDS: readonly Kind[] = ['connection', 'pending', 'request', 'retry'];
const HOSTS = 3;

const out = ({ permits }: Readonly<Model>, kind: Kind): number => permits.filter((permit) => permit.kind === kind).length;

/** How many permits of a kind there may be; 0 in the options stands for no limit. */
function most(model: Readonly<Model>, kind: Kind): number {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries, retryBudget } = model.options;
  if (kind === 'retry' && retryBudget !== undefined) {
    const percentages = (out(model, 'request') + out(model, 'pending')) * retryBudget.percent;
    let whole = 0;
    while ((whole + 1) * 100 <= percentages) whole++;
    return Math.max(whole, retryBudget.minRetryConcurrency);
  }
  return { connection: maxConnections, pending: maxPendingRequests, request: maxRequests, retry: maxRetries }[kind] || Infinity;
}

const acquire = (breaker: CircuitBreaker, kind: Kind, hostHasNone: boolean): boolean =>
  ({
    connection: () => breaker.tryAcquireConnection(hostHasNone),
    pending: () => breaker.tryAcquirePending(),
    request: () => breaker.tryAcquireRequest(),
    retry: () => breaker.tryAcquireRetry(),
  })[kind]();

const release = (breaker: CircuitBreaker, kind: Kind): void =>
  ({
    connection: () => breaker.releaseConnection(),
    pending: () => breaker.releasePending(),
    request: () => breaker.releaseRequest(),
    retry: () => breaker.releaseRetry(),
  })[kind]();

function same(model: Model, breaker: CircuitBreaker): void {
  const full = (kind: Kind): boolean => out(model, kind) >= most(model, kind);
  const { connections, pending, requests, retries, connectionLimitReached, state } = breaker;
  expectSame(
    { connections, pending, requests, retries, connectionLimitReached, ...state },
    {
      connections: out(model, 'connection'),
      pending: out(model, 'pending'),
      requests: out(model, 'request'),
      retries: out(model, 'retry'),
      connectionLimitReached: full('connection'),
      cxOpen: full('connection'),
      pendingOpen: full('pending'),
      requestsOpen: full('request'),
      retriesOpen: full('retry'),
    },
  );
}

type Step = fc.Command<Model, CircuitBreaker>;

class Acquire implements Step {
  readonly kind: Kind;
  readonly host: number;
  constructor(kind: Kind, host: number) {
    this.kind = kind;
    this.host = host;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, breaker: CircuitBreaker): void {
    const { kind, host } = this;
    const hasNone = kind === 'connection' && !model.permits.some((permit) => permit.kind === 'connection' && permit.host === host);
    const granted = out(model, kind) < most(model, kind) || hasNone;
    expectSame(acquire(breaker, kind, hasNone), granted);
    if (granted) model.permits.push({ kind, host });
    same(model, breaker);
  }
  toString(): string {
    return `acquire(${this.kind}, host ${this.host})`;
  }
}

class Release implements Step {
  readonly which: number;
  constructor(which: number) {
    this.which = which;
  }
  check({ permits }: Readonly<Model>): boolean {
    return permits.length > 0;
  }
  run(model: Model, breaker: CircuitBreaker): void {
    const [permit] = model.permits.splice(this.which % model.permits.length, 1);
    release(breaker, permit!.kind);
    same(model, breaker);
  }
  toString(): string {
    return `release(permit ${this.which})`;
  }
}

class Update implements Step {
  readonly options: CircuitBreakerOptions;
  constructor(options: CircuitBreakerOptions) {
    this.options = options;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, breaker: CircuitBreaker): void {
    model.options = this.options;
    breaker.update(this.options);
    same(model, breaker);
  }
  toString(): string {
    return `update(${JSON.stringify(this.options)})`;
  }
}

const limit = fc.option(fc.nat(4), { nil: undefined });
const options: fc.Arbitrary<CircuitBreakerOptions> = fc.record({
  maxConnections: limit,
  maxPendingRequests: limit,
  maxRequests: limit,
  maxRetries: limit,
  retryBudget: fc.option(fc.record({ percent: fc.constantFrom(0, 0.5, 20, 33.3, 50, 100), minRetryConcurrency: fc.nat(3) }), { nil: undefined }),
});
const kind = fc.constantFrom(...KINDS);
const acquisition = fc.tuple(kind, fc.nat(HOSTS - 1)).map(([each, host]) => new Acquire(each, host));
const giving = fc.nat(99).map((which) => new Release(which));

/** One run, and afterwards everything that is out given back. */
function run(initial: CircuitBreakerOptions, commands: Iterable<Step>): void {
  const model: Model = { options: initial, permits: [] };
  const real = new CircuitBreaker(initial);
  fc.modelRun(() => ({ model, real }), commands);
  for (const each of model.permits.splice(0)) release(real, each.kind);
  same(model, real);
}

describe('CircuitBreaker against permits on slips of paper', () => {
  it('neither leaks nor invents a permit, whatever its limits do meanwhile', { timeout: MODEL_TIMEOUT_MS }, async () => {
    const steps = [acquisition, acquisition, giving, options.map((each) => new Update(each))];
    await runModel(
      0.15,
      fc.property(options, fc.commands(steps, COMMANDS), (initial, commands) => run(initial, commands)),
    );
  });

  it('never exceeds limits that stay, except by one connection for each host', { timeout: MODEL_TIMEOUT_MS }, async () => {
    class Within extends Acquire {
      override run(model: Model, breaker: CircuitBreaker): void {
        super.run(model, breaker);
        const { maxConnections, maxPendingRequests, maxRequests } = model.options;
        expect(breaker.connections).toBeLessThanOrEqual((maxConnections || Infinity) + HOSTS - 1);
        expect(breaker.pending).toBeLessThanOrEqual(maxPendingRequests || Infinity);
        expect(breaker.requests).toBeLessThanOrEqual(maxRequests || Infinity);
      }
    }
    const steps = [fc.tuple(kind, fc.nat(HOSTS - 1)).map(([each, host]) => new Within(each, host)), giving];
    await runModel(
      0.05,
      fc.property(options, fc.commands(steps, COMMANDS), (initial, commands) => run(initial, commands)),
    );
  });
});
