import type { Arrival } from './arrival.ts';
import { OK, parsePlan, type Plan, type PlanItem } from './plan.ts';

/** Everything that reached the servers on behalf of one logical call. */
export interface CallRecord {
  readonly attempts: Arrival[];
  readonly mirrored: Arrival[];
}

interface Call extends CallRecord {
  /** Arrivals by list: the endpoint, `mirror`, or empty for all others. */
  readonly counts: Map<string, number>;
}

/**
 * Which logical call each arrival belongs to, and which item of its plan comes next. One book per case; calls are told apart
 * by their `x-call` header, so retries and copies count for the call that caused them.
 */
export class CallBook {
  readonly #calls = new Map<string, Call>();
  readonly #plans = new Map<string, Plan>();
  #arrivals = 0;

  /** How many arrivals there were; when it stands still, stragglers are in. */
  get arrivals(): number {
    return this.#arrivals;
  }

  /** Records `arrival` and says what its server does. */
  arrive(arrival: Arrival): PlanItem {
    this.#arrivals++;
    const header = (name: string): string | undefined => arrival.headers.find(([own]) => own === name)?.[1];
    const call = this.#call(header('x-call') ?? '');
    // Envoy marks copies so; an ordinary call of a sidecar never carries it.
    const isCopy = header('x-envoy-internal') === 'true';
    (isCopy ? call.mirrored : call.attempts).push(arrival);
    const text = header('x-plan');
    if (text === undefined) return OK;
    return this.#next(call, this.#plan(text), arrival.to, isCopy);
  }

  /** What `call` caused so far. */
  record(id: string): CallRecord {
    return this.#call(id);
  }

  #next(call: Call, plan: Plan, to: string, isCopy: boolean): PlanItem {
    if (isCopy) return plan.mirror === undefined ? OK : take(call, 'mirror', plan.mirror);
    const ip = to.slice(0, to.lastIndexOf(':'));
    const key = plan.endpoints.has(to) ? to : ip;
    const own = plan.endpoints.get(key);
    return own === undefined ? take(call, '', plan.others) : take(call, key, own);
  }

  #plan(text: string): Plan {
    let plan = this.#plans.get(text);
    if (plan === undefined) {
      plan = parsePlan(text);
      this.#plans.set(text, plan);
    }
    return plan;
  }

  #call(id: string): Call {
    let call = this.#calls.get(id);
    if (call === undefined) {
      call = { attempts: [], mirrored: [], counts: new Map() };
      this.#calls.set(id, call);
    }
    return call;
  }
}

// Successive arrivals take successive items; the last one repeats.
function take(call: Call, list: string, items: readonly PlanItem[]): PlanItem {
  const count = call.counts.get(list) ?? 0;
  call.counts.set(list, count + 1);
  return items[Math.min(count, items.length - 1)] ?? OK;
}
