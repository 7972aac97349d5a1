import type { ConnectionStep, TcpSpec, TlsSpec } from '../case/case-file.ts';
import type { ConnectionTally, Proxies, TcpObservation, TlsObservation } from '../record/observation.ts';
import { recordProxies, recordTcpTally, recordTls, recordTlsTally } from '../record/record-connection.ts';
import { buildDial } from './build-call.ts';
import { callEach } from './call-each.ts';
import type { ConnectionFacts } from './outcome.ts';
import type { StepContext } from './step-context.ts';
import { callTcp } from './tcp-caller.ts';
import { callTls } from './tls-caller.ts';

type Seen = TcpObservation | TlsObservation;

/** Opens the connections of the steps below HTTP. */
export class ConnectionRunner {
  readonly #context: StepContext;
  #calls = 0;

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** One connection, without what the mesh tells about it: that comes when it is over. */
  call(step: ConnectionStep): Promise<Seen> {
    return step.kind === 'tcp' ? this.#tcp(step.tcp) : this.#tls(step.tls);
  }

  async observe(step: ConnectionStep): Promise<Seen> {
    const { result, proxies } = await this.proxiesOf(1, () => this.call(step));
    return { ...result, proxies };
  }

  async tally(step: ConnectionStep, times: number): Promise<ConnectionTally> {
    const { concurrency } = step;
    if (step.kind === 'tcp') {
      const { result, ended } = await this.#watched(times, () => callEach(times, concurrency, () => this.#tcp(step.tcp)));
      return recordTcpTally(result, ended);
    }
    const { result, ended } = await this.#watched(times, () => callEach(times, concurrency, () => this.#tls(step.tls)));
    return recordTlsTally(result, ended);
  }

  /** What the mesh tells about the `number` connections that `act` opens. */
  async proxiesOf<Result>(number: number, act: () => Promise<Result>): Promise<{ result: Result; proxies: Proxies }> {
    const { result, ended } = await this.#watched(number, act);
    return { result, proxies: recordProxies(ended) };
  }

  #tcp(tcp: TcpSpec): Promise<TcpObservation> {
    const { mesh } = this.#context;
    return callTcp(() => mesh.connect(buildDial(tcp, this.#context)), tcp);
  }

  async #tls(tls: TlsSpec): Promise<TlsObservation> {
    const { mesh, book } = this.#context;
    // Apart from the numbers of the calls that are no connections of their own.
    const id = `tls-${++this.#calls}`;
    const dial = { ...buildDial(tls, this.#context), ...(tls.sni !== '' && { servername: tls.sni }) };
    const outcome = await callTls(() => mesh.connect(dial), tls, id);
    return recordTls(outcome, book.record(id).attempts);
  }

  async #watched<Result>(number: number, act: () => Promise<Result>): Promise<{ result: Result; ended: readonly ConnectionFacts[] }> {
    const { ended } = this.#context.mesh;
    const mark = ended.count;
    const result = await act();
    return { result, ended: await ended.since(mark, number) };
  }
}
