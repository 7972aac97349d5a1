import { setTimeout as sleep } from 'node:timers/promises';
import type { CallStep, RequestSpec, RequestStep, Step, TogetherStep } from '../case/case-file.ts';
import { recordLogLine } from '../record/log-line.ts';
import type { Observation, RequestObservation, TogetherObservation } from '../record/observation.ts';
import { recordHops, recordRequest } from '../record/record-request.ts';
import { recordTally } from '../record/record-tally.ts';
import { buildCall } from './build-call.ts';
import { callEach } from './call-each.ts';
import { CookieJar } from './cookie-jar.ts';
import type { GatewayUnderTest, Outcome } from './outcome.ts';
import { ConnectionRunner } from './run-connections.ts';
import type { StepContext } from './step-context.ts';
import { watchProxies } from './watch-proxies.ts';

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
  readonly #mirrors: boolean;
  readonly #connections: ConnectionRunner;
  #calls = 0;

  constructor(context: StepContext) {
    this.#context = context;
    this.#connections = new ConnectionRunner(context);
    this.#mirrors = context.documents.some(({ body }) => JSON.stringify(body).includes('irror'));
  }

  async run(step: Step): Promise<Observation> {
    switch (step.kind) {
      case 'wait':
        await sleep(step.ms);
        return {};
      case 'stats':
        await sleep(SETTLE_MS);
        return { stats: sortedByName(this.#context.mesh.stats(step.pattern)) };
      case 'together':
        return this.#together(step);
      case 'request':
        return step.times === undefined ? this.#observe(step.request) : this.#tally(step, step.times);
      case 'tcp':
      case 'tls':
        return step.times === undefined ? this.#logged(() => this.#connections.observe(step)) : this.#connections.tally(step, step.times);
      case 'not-yet':
        return { notYet: step.what };
    }
  }

  // Whose log entry is whose can't be told of connections side by side, so they are told once for all of them.
  async #together({ items }: TogetherStep): Promise<TogetherObservation> {
    const run = async (): Promise<Observation[]> => Promise.all(items.map(({ afterMs, step }) => this.#later(afterMs, step)));
    const connections = items.filter(({ step }) => step.kind === 'tcp' || step.kind === 'tls').length;
    if (connections === 0) return { together: await run() };
    const { result, proxies } = await this.#connections.proxiesOf(connections, run);
    return { together: result, proxies };
  }

  async #later(afterMs: number, step: CallStep): Promise<Observation> {
    if (afterMs > 0) await sleep(afterMs);
    switch (step.kind) {
      case 'request':
        return this.#observe(step.request);
      case 'tcp':
      case 'tls':
        return this.#connections.call(step);
      case 'not-yet':
        return this.run(step);
    }
  }

  async #observe(request: RequestSpec): Promise<RequestObservation> {
    const { book, proxyIp, mesh } = this.#context;
    return this.#logged(async () => {
      const told = watchProxies(mesh);
      const { id, outcome } = await this.#call(request, 0);
      if (this.#mirrors) await this.#settle();
      const hops = request.via !== undefined || mesh.gateways === undefined || mesh.gateways.size === 0 ? {} : recordHops(await told('client', 0));
      return recordRequest(outcome, book.record(id), proxyIp, hops);
    });
  }

  // Adds the access log lines that `observe` caused, where the case asks for them.
  async #logged<Seen extends Observation>(observe: () => Promise<Seen>): Promise<Seen> {
    const { conformanceCase, mesh } = this.#context;
    if (!conformanceCase.accessLog) return observe();
    const logs = [['client', mesh.logLines] as const, ...[...(mesh.gateways ?? [])].map(([name, { logLines }]) => [name, logLines] as const)];
    const before = logs.map(([, lines]) => lines.length);
    const seen = await observe();
    await this.#settle();
    const written = logs.map(([name, lines], at) => [name, lines.slice(before[at]).map(recordLogLine)] as const);
    // Without a gateway in the case the caller's own log is told of even when it is empty.
    return { ...seen, log: Object.fromEntries(written.filter(([, lines]) => lines.length > 0 || written.length === 1)) };
  }

  async #tally({ request, concurrency }: RequestStep, times: number): Promise<Observation> {
    const { book } = this.#context;
    const calls = await callEach(times, concurrency, async (n) => {
      const call = await this.#call(request, n);
      if (concurrency > 1 && book.record(call.id).attempts.length === 0) await sleep(REFUSAL_MS);
      return call;
    });
    if (this.#mirrors) await this.#settle();
    return recordTally(calls.map(({ id, outcome }) => ({ outcome, record: book.record(id) })), concurrency === 1);
  }

  async #call(request: RequestSpec, n: number): Promise<{ id: string; outcome: Outcome }> {
    const { conformanceCase, documents, mesh } = this.#context;
    const id = String(++this.#calls);
    const cookie = request.cookies ? this.#jar.header() : undefined;
    const call = buildCall(request, { conformanceCase, documents, id, n, cookie });
    const outcome = await (request.via === undefined ? mesh.send(call) : this.#toGateway(request.via).send(call, request.from));
    if (request.cookies) this.#jar.store(outcome.headers);
    return { id, outcome: { ...outcome, planned: request.plan ?? '' } };
  }

  #toGateway(name: string): GatewayUnderTest {
    const gateway = this.#context.mesh.gateways?.get(name);
    if (gateway === undefined) throw new Error(`no gateway ${name} in this case`);
    return gateway;
  }

  async #settle(): Promise<void> {
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
