import { Dispatcher } from 'undici';
import { createMesh } from '../../src/index.ts';
import type { Mesh } from '../../src/index.ts';
import type { Call, CallInfo } from '../../src/engine/call-info.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import type { Probe } from './model/model.ts';
import type { CallerRequest, HeaderLine } from './model/requests.ts';
import type { World } from './model/resources.ts';
import { documentsOf } from './system.ts';

/** Where a caller of the random configurations dials; clusters without endpoints of their own go there. */
export const DIALLED_IP = '10.99.0.1';

/** A whole mesh, its endpoints in this process: what the caller gets, and what arrives where. */
export interface RunningMesh {
  /** One after another: arrivals are those of the call under way. `delayMs`: as long as a fault may hold it back. */
  send(call: CallerRequest, delayMs: number): Promise<Exchange>;
  close(): Promise<void>;
}

export interface Exchange {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  readonly body: string;
  readonly info: CallInfo;
  /** Without mirrored copies. */
  readonly arrivals: readonly Arrival[];
  readonly copies: readonly Arrival[];
}

export interface Arrival {
  /** `ip:port` */
  readonly endpoint: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: readonly HeaderLine[];
}

export async function runMesh(world: World, probe: Probe, seed: number): Promise<RunningMesh> {
  let arrived: Arrival[] = [];
  const clock = new VirtualClock();
  const mesh = await createMesh({
    config: documentsOf(world),
    workload: world.caller,
    legacySemantics: false,
    tracing: false,
    accessLog: false,
    seed,
    clock,
    transport: ({ address, port }) => new ProbeEndpoint(`${address}:${String(port)}`, probe, (arrival) => arrived.push(arrival)),
  });
  return {
    send: async (call, delayMs) => {
      arrived = [];
      const dispatched = dispatch(mesh, call);
      if (delayMs > 0) await clock.advance(delayMs);
      const outcome = await dispatched;
      // Copies are sent beside the call, not before it.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      const isCopy = ({ headers }: Arrival): boolean => headers.some(([name]) => name === 'x-envoy-internal');
      return { ...outcome, arrivals: arrived.filter((arrival) => !isCopy(arrival)), copies: arrived.filter(isCopy) };
    },
    close: () => mesh.close({ drainMs: 0 }),
  };
}

function dispatch(mesh: Mesh, { method, authority, port, path, headers, dialled = DIALLED_IP }: CallerRequest): Promise<Omit<Exchange, 'arrivals' | 'copies'>> {
  return new Promise((resolve, reject) => {
    let asked: Call | undefined;
    let status = 0;
    let lines: HeaderLine[] = [];
    let body = '';
    const place = `${dialled.includes(':') ? `[${dialled}]` : dialled}:${String(port)}`;
    const options = { origin: `http://${place}`, path, method: method as Dispatcher.HttpMethod, headers: ['host', authority, ...headers.flat()], originalDst: place };
    mesh.dispatcher.dispatch(options, {
      onRequestStart: (_, context) => {
        asked = context as Call;
      },
      onResponseStart: (_, code, given) => {
        status = code;
        lines = Object.entries(given).flatMap(([name, values]) => [values ?? []].flat().map((value): HeaderLine => [name, value]));
      },
      onResponseData: (_, chunk) => {
        body += chunk.toString('latin1');
      },
      onResponseEnd: () => {
        if (asked === undefined) reject(new Error('the call did not walk through the mesh'));
        else resolve({ status, headers: lines, body, info: asked.describe() });
      },
      onResponseError: (_, error) => reject(error),
    });
  });
}

/** Answers every request alike. */
class ProbeEndpoint extends Dispatcher {
  readonly #endpoint: string;
  readonly #probe: Probe;
  readonly #tell: (arrival: Arrival) => void;

  constructor(endpoint: string, probe: Probe, tell: (arrival: Arrival) => void) {
    super();
    this.#endpoint = endpoint;
    this.#probe = probe;
    this.#tell = tell;
  }

  override dispatch({ method, path, headers }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const list = headers as readonly string[];
    const lines = list.flatMap((name, index): HeaderLine[] => (index % 2 === 0 ? [[name, list[index + 1] ?? '']] : []));
    const authority = lines.find(([name]) => name === 'host')?.[1] ?? '';
    this.#tell({ endpoint: this.#endpoint, method, authority, path, headers: lines.filter(([name]) => name !== 'host') });
    const controller = { aborted: false, paused: false, reason: null, abort: () => {}, pause: () => {}, resume: () => {} };
    const given: Record<string, string | string[]> = {};
    for (const [name, value] of this.#probe.headers) given[name] = given[name] === undefined ? value : [given[name], value].flat();
    queueMicrotask(() => {
      handler.onRequestStart?.(controller, {});
      handler.onResponseStart?.(controller, this.#probe.status, given, '');
      handler.onResponseEnd?.(controller, {});
    });
    return true;
  }
}
