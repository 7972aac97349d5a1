import { setTimeout as sleep } from 'node:timers/promises';
import type { CallBook } from '../backend/call-book.ts';
import type { ConformanceCase, NotYetStep, RequestSpec, RequestStep, Step } from '../case/case-file.ts';
import type { Document } from '../case/documents.ts';
import { recordLogLine } from '../record/log-line.ts';
import type { NotYetObservation, Observation, RequestObservation } from '../record/observation.ts';
import { recordRequest } from '../record/record-request.ts';
import { recordTally } from '../record/record-tally.ts';
import { buildCall } from './build-call.ts';
import { CookieJar } from './cookie-jar.ts';
import type { MeshUnderTest, Outcome } from './outcome.ts';

/** What the steps of a case act on. */
export interface StepContext {
  readonly conformanceCase: ConformanceCase;
  readonly documents: readonly Document[];
  readonly mesh: MeshUnderTest;
  readonly book: CallBook;
  /** The mesh's own address, which recordings don't show. */
  readonly proxyIp: string;
}

/** Copies to mirrors and log lines come after the answer; this long without an arrival, and they are in. */
const SETTLE_MS = 15;

/**
 * A refusal takes the caller of a proxy a trip over a socket; in process it takes none, and a caller that calls again at once
 * would spend all its calls before anything else happens. Callers that compete therefore wait this long after one.
 */
const REFUSAL_MS = 1;

/** Runs the steps of one case, one after the other, and observes each. */
export class StepRunner {
  readonly #context: StepContext;
  readonly #jar = new CookieJar();
  readonly #settles: boolean;
  #calls = 0;

  constructor(context: StepContext) {
    this.#context = context;
    this.#settles = context.conformanceCase.accessLog || context.documents.some(({ body }) => JSON.stringify(body).includes('irror'));
  }

  async run(step: Step): Promise<Observation> {
    switch (step.kind) {
      case 'request':
        return step.times === undefined ? this.#observe(step.request) : this.#tally(step, step.times);
      case 'wait':
        await sleep(step.ms);
        return {};
      case 'stats':
        await sleep(SETTLE_MS);
        return { stats: sortedByName(this.#context.mesh.stats(step.pattern)) };
      case 'together':
        return { together: await Promise.all(step.items.map(({ afterMs, step: inner }) => this.#later(afterMs, inner))) };
      case 'not-yet':
        return { notYet: step.what };
    }
  }

  async #later(afterMs: number, step: RequestStep | NotYetStep): Promise<RequestObservation | NotYetObservation> {
    if (afterMs > 0) await sleep(afterMs);
    return step.kind === 'not-yet' ? { notYet: step.what } : this.#observe(step.request);
  }

  async #observe(request: RequestSpec): Promise<RequestObservation> {
    const { conformanceCase, mesh, book, proxyIp } = this.#context;
    const logged = mesh.logLines.length;
    const { id, outcome } = await this.#call(request, 0);
    await this.#settle();
    const log = mesh.logLines.slice(logged).map(recordLogLine);
    return recordRequest({ ...outcome, ...(conformanceCase.accessLog && { log }) }, book.record(id), proxyIp);
  }

  async #tally({ request, concurrency }: RequestStep, times: number): Promise<Observation> {
    const calls: { id: string; outcome: Outcome }[] = [];
    let next = 0;
    const caller = async (): Promise<void> => {
      while (next < times) {
        const n = next++;
        const call = await this.#call(request, n);
        calls[n] = call;
        if (concurrency > 1 && this.#context.book.record(call.id).attempts.length === 0) await sleep(REFUSAL_MS);
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, times) }, caller));
    await this.#settle();
    return recordTally(calls.map(({ id, outcome }) => ({ outcome, record: this.#context.book.record(id) })), concurrency === 1);
  }

  async #call(request: RequestSpec, n: number): Promise<{ id: string; outcome: Outcome }> {
    const { conformanceCase, documents, mesh } = this.#context;
    const id = String(++this.#calls);
    const cookie = request.cookies ? this.#jar.header() : undefined;
    const outcome = await mesh.send(buildCall(request, { conformanceCase, documents, id, n, cookie }));
    if (request.cookies) this.#jar.store(outcome.headers);
    return { id, outcome: { ...outcome, planned: request.plan ?? '' } };
  }

  async #settle(): Promise<void> {
    if (!this.#settles) return;
    const { book } = this.#context;
    let seen: number;
    do {
      seen = book.arrivals;
      await sleep(SETTLE_MS);
    } while (book.arrivals !== seen);
  }
}

function sortedByName(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}
