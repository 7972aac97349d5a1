import type { ConnectionStep } from '../case/case-file.ts';
import { recordProxies, recordTcpTally } from '../record/record-connection.ts';
import type { ConnectionTally, Proxies, TcpObservation } from '../record/observation.ts';
import { buildDial } from './build-call.ts';
import { callEach } from './call-each.ts';
import type { ConnectionFacts } from './outcome.ts';
import type { StepContext } from './step-context.ts';
import { callTcp, type TcpOutcome } from './tcp-caller.ts';

/** Opens the connections of the steps below HTTP. */
export class ConnectionRunner {
  readonly #context: StepContext;

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** One connection, without what the mesh tells about it: that comes when it is over. */
  call({ tcp }: ConnectionStep): Promise<TcpOutcome> {
    const { mesh } = this.#context;
    return callTcp(() => mesh.connect(buildDial(tcp, this.#context)), tcp);
  }

  async observe(step: ConnectionStep): Promise<TcpObservation> {
    const { result, ended } = await this.#watched(1, () => this.call(step));
    return { ...result, proxies: recordProxies(ended) };
  }

  async tally(step: ConnectionStep, times: number): Promise<ConnectionTally> {
    const { result, ended } = await this.#watched(times, () => callEach(times, step.concurrency, () => this.call(step)));
    return recordTcpTally(result, ended);
  }

  /** What the mesh tells about the `number` connections that `act` opens. */
  async proxiesOf<Result>(number: number, act: () => Promise<Result>): Promise<{ result: Result; proxies: Proxies }> {
    const { result, ended } = await this.#watched(number, act);
    return { result, proxies: recordProxies(ended) };
  }

  async #watched<Result>(number: number, act: () => Promise<Result>): Promise<{ result: Result; ended: readonly ConnectionFacts[] }> {
    const { ended } = this.#context.mesh;
    const mark = ended.count;
    const result = await act();
    return { result, ended: await ended.since(mark, number) };
  }
}
