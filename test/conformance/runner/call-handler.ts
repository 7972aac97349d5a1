import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { CallInfo } from '../../../src/index.ts';
import { NO_FACTS } from '../record/record-request.ts';
import type { Call, HeaderRecord, MeshFacts, Outcome } from './outcome.ts';

type Reply = Omit<Outcome, 'planned'>;

/** What the mesh hands to a handler beside the controller: it tells how the call goes. */
interface Describing {
  describe?(): CallInfo;
}

/** The caller of one call: takes everything that comes back, and leaves when its patience ends. */
export class CallHandler implements Dispatcher.DispatchHandler {
  readonly #timeoutMs: number;
  readonly #http2: boolean;
  readonly #clusterExists: (name: string) => boolean;
  readonly #informational: number[] = [];
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #call: Describing | undefined;
  #status: number | undefined;
  #headers: HeaderRecord = {};
  #timedOut = false;
  #end: (reply: Pick<Reply, 'error' | 'trailers'>) => void = () => {};

  /** @param clusterExists - Envoy logs no cluster where there is none of that name; ts-mesh names the one that was looked for. */
  constructor({ timeoutMs, http2 }: Pick<Call, 'timeoutMs' | 'http2'>, clusterExists: (name: string) => boolean) {
    this.#timeoutMs = timeoutMs;
    this.#http2 = http2;
    this.#clusterExists = clusterExists;
  }

  /** Makes the call by `dispatch` and resolves when it is over. */
  async outcome(dispatch: (handler: Dispatcher.DispatchHandler) => unknown): Promise<Reply> {
    const startedAt = performance.now();
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.#controller?.abort(new Error('the caller left'));
      // A call that never began has no controller to hear of it.
      if (this.#controller === undefined) this.#end({ error: 'CLIENT_TIMEOUT', trailers: {} });
    }, this.#timeoutMs);
    const ended = new Promise<Pick<Reply, 'error' | 'trailers'>>((resolve) => (this.#end = resolve));
    try {
      dispatch(this);
    } catch (error) {
      this.onResponseError(undefined, error as Error);
    }
    const { error, trailers } = await ended;
    clearTimeout(timer);
    const elapsedMs = performance.now() - startedAt;
    return {
      status: this.#status,
      error,
      ...(this.#isReset(error) && { rst: 'INTERNAL_ERROR' }),
      informational: this.#informational,
      headers: this.#headers,
      trailers,
      body: Buffer.concat(this.#chunks).toString(),
      elapsedMs,
      facts: this.#facts(),
    };
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#controller = controller;
    this.#call = context as Describing;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) {
      this.#informational.push(status);
      return;
    }
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#end({ trailers: trailers ?? {} });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#end({ error: this.#timedOut ? 'CLIENT_TIMEOUT' : codeOf(error), trailers: {} });
  }

  // An answer that breaks off is an error of its body here. Envoy has one code for it, whatever broke.
  #isReset(error: string | undefined): boolean {
    return this.#http2 && this.#status !== undefined && error !== undefined && !this.#timedOut;
  }

  // Only what is handled as HTTP leaves the entry of a call in a proxy's log.
  #facts(): MeshFacts {
    const info = this.#call?.describe?.();
    if (info === undefined || info.lane !== 'lean') return NO_FACTS;
    const { flags, details, cluster, route } = info;
    return { flags, details, cluster: cluster !== undefined && this.#clusterExists(cluster) ? cluster : null, route: route ?? null };
  }
}

// A failure after the headers, or one without a code of its own, is what a broken connection is for a caller of a proxy.
function codeOf(error: Error): string {
  const { code, cause } = error as NodeJS.ErrnoException & { cause?: { code?: string } };
  const own = cause?.code ?? code;
  return own === undefined || own.startsWith('ERR_') || own.startsWith('UND_ERR_') ? 'ECONNRESET' : own;
}
