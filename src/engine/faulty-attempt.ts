import type { TimerHandle } from '../common/clock.ts';
import type { FaultAbort, FaultInjector } from '../route/fault-injector.ts';
import type { ResetReason } from '../route/retry-policy.ts';
import { FLAG } from '../telemetry/response-flags.ts';
import { faultAbort, finishGrpcReply, type LocalReply, type ResponseHeaders } from './local-reply.ts';
import type { RoutedCall } from './routed-call.ts';
import type { UpstreamAttempt } from './upstream-attempt.ts';

/** An attempt as a router sees it. */
export type Attempt = Pick<
  UpstreamAttempt,
  'host' | 'sent' | 'reached' | 'bodiless' | 'controller' | 'localAddress' | 'protocol' | 'start' | 'limitTry' | 'cancel' | 'dismiss'
>;

/** Who owns an attempt that faults may befall. */
export interface FaultOwner {
  onFailure(attempt: Attempt, reason: ResetReason, error: Error): void;
  /** A fault answers in the upstream's place: with `status` and `headers`, were it an upstream's answer. */
  onInjected(attempt: Attempt, reply: LocalReply, status: number, headers: ResponseHeaders): void;
}

/** What of a call its faults have to do with. */
type FaultedCall = Pick<RoutedCall, 'engine' | 'isGrpc' | 'flags'> & { readonly request: { readonly head: { readonly port: number } } };

/** `attempt`, as it is or with what `faults` do to it. */
export function withFaults(attempt: UpstreamAttempt, faults: FaultInjector | undefined, call: FaultedCall, owner: FaultOwner): Attempt {
  return faults === undefined ? attempt : new FaultyAttempt(attempt, faults, call, owner);
}

/**
 * One try that may be held up or answered before it gets anywhere, as if the upstream were slow or failing: it stands for a try that the upstream
 * got, so that retries, the try's timeout and, where the host is blamed, ejection are what they would be then. It takes neither a connection nor
 * a place among the cluster's requests meanwhile.
 */
class FaultyAttempt implements Attempt {
  readonly #inner: UpstreamAttempt;
  readonly #faults: FaultInjector;
  readonly #call: FaultedCall;
  readonly #owner: FaultOwner;
  #state: 'new' | 'delayed' | 'passed' | 'over' = 'new';
  /** Whether it takes, or took, the place of what would have gone to the host. */
  #standsIn = false;
  #delayTimer: TimerHandle | undefined;
  /** 0: as long as it likes. */
  #limitMs = 0;
  #limitedAtMs = 0;
  #limitTimer: TimerHandle | undefined;

  constructor(inner: UpstreamAttempt, faults: FaultInjector, call: FaultedCall, owner: FaultOwner) {
    this.#inner = inner;
    this.#faults = faults;
    this.#call = call;
    this.#owner = owner;
  }

  get host(): Attempt['host'] {
    return this.#inner.host;
  }

  get sent(): boolean {
    return this.#standsIn || this.#inner.sent;
  }

  /** What befell it on the way is not the host's doing. */
  get reached(): boolean {
    return this.#inner.reached || (this.#standsIn && this.#faults.blamesHost);
  }

  get bodiless(): boolean {
    return this.#inner.bodiless;
  }

  get controller(): Attempt['controller'] {
    return this.#inner.controller;
  }

  get localAddress(): string | undefined {
    return this.#inner.localAddress;
  }

  get protocol(): Attempt['protocol'] {
    return this.#inner.protocol;
  }

  get #stats() {
    return this.#call.engine.stats.faults(this.#call.request.head.port);
  }

  start(): void {
    const { delayMs, abort } = this.#faults.decide(this.#call.engine.random);
    this.#standsIn = delayMs > 0 || abort !== undefined;
    if (delayMs === 0) {
      this.#goOn(abort);
      return;
    }
    this.#state = 'delayed';
    this.#call.flags |= FLAG.DI;
    this.#stats.delays_injected++;
    this.#stats.active_faults++;
    this.#delayTimer = this.#inner.cluster.clock.setTimeout(() => {
      this.#endDelay();
      this.#goOn(abort);
    }, delayMs);
  }

  #goOn(abort: FaultAbort | undefined): void {
    if (abort !== undefined) {
      this.#state = 'over';
      this.#answer(faultAbort(abort.httpStatus, abort.grpcStatus));
      return;
    }
    this.#state = 'passed';
    this.#standsIn = false;
    this.#inner.start();
    if (this.#limitMs > 0) this.#inner.limitTry(Math.max(1, this.#limitMs - (this.#inner.cluster.clock.now() - this.#limitedAtMs)));
  }

  #answer(reply: LocalReply): void {
    const { isGrpc } = this.#call;
    this.#stats.aborts_injected++;
    const status = isGrpc ? 200 : reply.status;
    const headers: ResponseHeaders = {};
    if (isGrpc) finishGrpcReply(headers, reply);
    if (this.#faults.blamesHost) this.#inner.cluster.recordResponse(this.host, status, headers, isGrpc);
    this.#owner.onInjected(this, reply, status, headers);
  }

  limitTry(timeoutMs: number): void {
    if (this.#state === 'passed') this.#inner.limitTry(timeoutMs);
    if (this.#state !== 'delayed') return;
    const { clock, stats } = this.#inner.cluster;
    this.#limitMs = timeoutMs;
    this.#limitedAtMs = clock.now();
    this.#limitTimer = clock.setTimeout(() => {
      stats.upstream_rq_per_try_timeout++;
      const error = new Error('upstream per try timeout');
      this.cancel(error);
      this.#owner.onFailure(this, 'per-try-timeout', error);
    }, timeoutMs);
  }

  cancel(reason: Error): void {
    if (this.#state === 'passed') this.#inner.cancel(reason);
    if (this.#state === 'delayed') this.#endDelay();
    this.#state = 'over';
  }

  /** Only of what the upstream answered there is a rest. */
  dismiss(reason: Error): void {
    if (this.#state === 'passed') this.#inner.dismiss(reason);
  }

  #endDelay(): void {
    const { clock } = this.#inner.cluster;
    clock.clearTimeout(this.#delayTimer);
    if (this.#limitTimer !== undefined) clock.clearTimeout(this.#limitTimer);
    this.#stats.active_faults--;
  }
}
