import { join } from 'node:path';
import { Agent, fetch as undiciFetch, request as undiciRequest, type Dispatcher } from 'undici';
import type { MeshOptions } from '../../src/index.ts';
import { isAnswer } from './answer.ts';
import { loadPackage } from './package.ts';

/** Looks at what a call gave, before its body is read. */
export type Inspect = (result: unknown) => void;

/** A contestant, ready to race. */
export interface Racer {
  /** Makes one call; reads status, one header and the whole body, as all contestants do. Resolves with whether they were right. */
  call(inspect?: Inspect): Promise<boolean>;
  /** What was wrong with the way the calls went, after `calls` of them; empty for direct contestants. */
  check(calls: number): readonly string[];
  /** Throws when a result shows that its call took another way than the one to be measured. */
  readonly inspect?: Inspect;
}

/** Makes a racer against servers on `ports`: the endpoints of reviews v1, v2 and v3. */
export type Contestant = (ports: readonly number[]) => Promise<Racer>;

const unchecked = (): readonly string[] => [];
const direct = (ports: readonly number[]): string => `http://127.0.0.1:${ports[0]}/reviews/0`;
const MESHED = 'http://reviews:9080/reviews/0';

/** Everyone who races, by name, in the order of the tables. */
export const CONTESTANTS: Readonly<Record<string, Contestant>> = {
  'undici.fetch': async (ports) => {
    const url = direct(ports);
    return {
      check: unchecked,
      async call() {
        const response = await undiciFetch(url);
        return isAnswer(response.status, response.headers.get('content-type'), await response.text());
      },
    };
  },
  'global fetch': async (ports) => {
    const url = direct(ports);
    return {
      check: unchecked,
      async call() {
        const response = await fetch(url);
        return isAnswer(response.status, response.headers.get('content-type'), await response.text());
      },
    };
  },
  'undici.request': async (ports) => {
    const url = direct(ports);
    return {
      check: unchecked,
      async call() {
        const { statusCode, headers, body } = await undiciRequest(url);
        return isAnswer(statusCode, headers['content-type'], await body.text());
      },
    };
  },
  dispatch: async (ports) => {
    const agent = new Agent();
    const origin = `http://127.0.0.1:${ports[0]}`;
    const options: Dispatcher.DispatchOptions = { origin, path: '/reviews/0', method: 'GET' };
    return { check: unchecked, call: () => new Promise((resolve, reject) => agent.dispatch(options, new Collector(resolve, reject))) };
  },
  'mesh.dispatcher': async (ports) => {
    const { createMesh } = await loadPackage();
    const mesh = await createMesh(bookinfo(ports));
    const { origin, pathname: path } = new URL(MESHED);
    const options: Dispatcher.DispatchOptions = { origin, path, method: 'GET' };
    return {
      check: (calls) => countedBy(mesh, calls),
      call: () => new Promise((resolve, reject) => mesh.dispatcher.dispatch(options, new Collector(resolve, reject))),
    };
  },
  'mesh.request': async (ports) => {
    const { createMesh, meshInfo } = await loadPackage();
    const mesh = await createMesh(bookinfo(ports));
    return {
      check: (calls) => countedBy(mesh, calls),
      inspect: (result) => assertLean(meshInfo(result)?.lane),
      async call(inspect) {
        const result = await mesh.request(MESHED);
        inspect?.(result);
        const { statusCode, headers, body } = result;
        return isAnswer(statusCode, headers['content-type'], await body.text());
      },
    };
  },
  meshFetch: async (ports) => {
    const { configureMesh, meshFetch, meshInfo } = await loadPackage();
    const mesh = await configureMesh(bookinfo(ports));
    return {
      check: (calls) => countedBy(mesh, calls),
      inspect: (result) => {
        assertLean(meshInfo(result)?.lane);
        if (Object.getPrototypeOf(result) === Response.prototype) throw new Error('the native fetch made this Response');
      },
      async call(inspect) {
        const response = await meshFetch(MESHED);
        inspect?.(response);
        return isAnswer(response.status, response.headers.get('content-type'), await response.text());
      },
    };
  },
};

function bookinfo([v1, v2, v3]: readonly number[]): MeshOptions {
  const endpoint = (port: number | undefined, version: string) => ({ address: `127.0.0.1:${port}`, labels: { app: 'reviews', version } });
  return { config: join(import.meta.dirname, 'bookinfo.yaml'), endpoints: { reviews: [endpoint(v1, 'v1'), endpoint(v2, 'v2'), endpoint(v3, 'v3')] } };
}

/** The mesh's own connections must have carried every call, once each. */
function countedBy(mesh: { stats(pattern: RegExp): Record<string, number> }, calls: number): string[] {
  const counts = mesh.stats(/^cluster\.outbound\|9080\|v[13]\|reviews\..*\.upstream_rq_total$/);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return total === calls ? [] : [`upstream_rq_total is ${total} after ${calls} calls`];
}

function assertLean(lane: string | undefined): void {
  if (lane !== 'lean') throw new Error(`a call took the lane ${lane}`);
}

/** The least that a handler can do to read an answer. */
class Collector implements Dispatcher.DispatchHandler {
  readonly #resolve: (right: boolean) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #status = 0;
  #type: unknown;

  constructor(resolve: (right: boolean) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number, headers: Record<string, unknown>): void {
    this.#status = status;
    this.#type = headers['content-type'];
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#resolve(isAnswer(this.#status, this.#type, Buffer.concat(this.#chunks).toString()));
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#reject(error);
  }
}
