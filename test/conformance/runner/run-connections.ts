import type { Socket } from 'node:net';
import type { ConnectionStep, TcpSpec, TlsSpec } from '../case/case-file.ts';
import type { ConnectionTally, Proxies, TcpObservation, TlsObservation } from '../record/observation.ts';
import { recordProxies, recordTcpTally, recordTls, recordTlsTally, type EndedByProxy } from '../record/record-connection.ts';
import { buildDial } from './build-call.ts';
import { callEach } from './call-each.ts';
import type { StepContext } from './step-context.ts';
import { callTcp } from './tcp-caller.ts';
import { callTls } from './tls-caller.ts';
import { watchProxies } from './watch-proxies.ts';

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
    const { result, proxies } = await this.proxiesOf(1, () => this.call(step), viaOf(step));
    return { ...result, proxies };
  }

  async tally(step: ConnectionStep, times: number): Promise<ConnectionTally> {
    const { concurrency } = step;
    if (step.kind === 'tcp') {
      const { result, ended } = await this.#watched(times, () => callEach(times, concurrency, () => this.#tcp(step.tcp)), step.tcp.via);
      return recordTcpTally(result, ended);
    }
    const { result, ended } = await this.#watched(times, () => callEach(times, concurrency, () => this.#tls(step.tls)), step.tls.via);
    return recordTlsTally(result, ended);
  }

  /**
   * What proxies tell about the `number` connections that `act` opens.
   *
   * @param via - the gateway that they are opened to. Default: the caller's mesh
   */
  async proxiesOf<Result>(number: number, act: () => Promise<Result>, via?: string): Promise<{ result: Result; proxies: Proxies }> {
    const { result, ended } = await this.#watched(number, act, via);
    return { result, proxies: recordProxies(ended) };
  }

  #tcp(tcp: TcpSpec): Promise<TcpObservation> {
    const { mesh } = this.#context;
    return callTcp(() => this.#toGateway(tcp) ?? mesh.connect(buildDial(tcp, this.#context)), tcp);
  }

  async #tls(tls: TlsSpec): Promise<TlsObservation> {
    const { mesh, book } = this.#context;
    // Apart from the numbers of the calls that are no connections of their own.
    const id = `tls-${++this.#calls}`;
    const dial = { ...buildDial(tls, this.#context), ...(tls.sni !== '' && { servername: tls.sni }) };
    const outcome = await callTls(() => this.#toGateway(tls) ?? mesh.connect(dial), tls, id);
    return recordTls(outcome, book.record(id).attempts);
  }

  #toGateway({ via, port }: TcpSpec | TlsSpec): Promise<Socket | undefined> | undefined {
    if (via === undefined) return undefined;
    const gateway = this.#context.mesh.gateways?.get(via);
    if (gateway === undefined) throw new Error(`no gateway ${via} in this case`);
    return gateway.connect(port);
  }

  async #watched<Result>(number: number, act: () => Promise<Result>, via: string | undefined): Promise<{ result: Result; ended: EndedByProxy }> {
    const ended = watchProxies(this.#context.mesh);
    const result = await act();
    return { result, ended: await ended(via ?? 'client', number) };
  }
}

function viaOf(step: ConnectionStep): string | undefined {
  return step.kind === 'tcp' ? step.tcp.via : step.tls.via;
}
