import { Dispatcher } from 'undici';
import type { Clock } from '../../src/common/clock.ts';

/** What a {@link ScriptedService} does with one request: waits, answers in parts, and ends in some way. */
export interface Script {
  /** Milliseconds before anything is answered. Default 0. */
  readonly delayMs?: number;
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Parts of the body, each `delayMs` after the one before. Default none. */
  readonly chunks?: readonly string[];
  /** What happens in the end. Default `end`. Without headers: the same before the response begins. */
  readonly ending?: 'end' | 'reset' | 'hang' | 'reset without headers' | 'hang without headers';
  /** Whether the request's body is read first. Default true. */
  readonly reads?: boolean;
}

/** One request as it came, and whether its sender has given it up. */
export interface ScriptedRequest {
  readonly path: string;
  /** Repeated lines are joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  body: string;
  /** `undefined` while it is being read. */
  bodyError: Error | undefined;
  aborted: boolean;
}

/** A service in this process that keeps to a script, on the clock of the test. */
export class ScriptedService extends Dispatcher {
  readonly requests: ScriptedRequest[] = [];
  readonly #clock: Clock;
  readonly #scriptOf: (request: ScriptedRequest) => Script;

  constructor(clock: Clock, scriptOf: (request: ScriptedRequest) => Script) {
    super();
    this.#clock = clock;
    this.#scriptOf = scriptOf;
  }

  /** Requests that have not ended. */
  active = 0;

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const request: ScriptedRequest = { path: options.path, headers: record(options.headers as string[]), body: '', bodyError: undefined, aborted: false };
    this.requests.push(request);
    this.active++;
    const over = Promise.withResolvers<void>();
    let isOver = false;
    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      this.active--;
      over.resolve();
      return true;
    };
    const controller: Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      pause: () => {},
      resume: () => {},
      abort: (reason) => {
        if (!end()) return;
        request.aborted = true;
        Object.assign(controller, { aborted: true, reason });
        handler.onResponseError?.(controller, reason);
      },
    };
    const fail = (error: Error): void => {
      if (end()) handler.onResponseError?.(controller, error);
    };
    handler.onRequestStart?.(controller, {});
    void this.#play(this.#scriptOf(request), options.body, request, controller, handler, over.promise, end, fail);
    return true;
  }

  async #play(
    { delayMs = 0, status = 200, headers = {}, chunks = [], ending = 'end', reads = true }: Script,
    body: Dispatcher.DispatchOptions['body'],
    request: ScriptedRequest,
    controller: Dispatcher.DispatchController,
    handler: Dispatcher.DispatchHandler,
    over: Promise<void>,
    end: () => boolean,
    fail: (error: Error) => void,
  ): Promise<void> {
    if (reads) {
      try {
        await Promise.race([over, this.#read(body, request, controller)]);
      } catch (error) {
        request.bodyError = error as Error;
        fail(error as Error);
        return;
      }
    }
    await this.#wait(delayMs, over);
    if (controller.aborted) return;
    if (ending === 'hang without headers') return;
    if (ending === 'reset without headers') return fail(reset());
    handler.onResponseStart?.(controller, status, { ...headers }, '');
    for (const chunk of chunks) {
      if (controller.aborted) return;
      handler.onResponseData?.(controller, Buffer.from(chunk));
      await this.#wait(delayMs, over);
    }
    if (controller.aborted) return;
    if (ending === 'hang') return;
    if (ending === 'reset') fail(reset());
    else if (end()) handler.onResponseEnd?.(controller, {});
  }

  async #read(body: Dispatcher.DispatchOptions['body'], request: ScriptedRequest, controller: Dispatcher.DispatchController): Promise<void> {
    if (body === null || body === undefined) return;
    if (typeof body === 'string') {
      request.body = body;
      return;
    }
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (controller.aborted) return;
      request.body += Buffer.from(chunk).toString();
    }
  }

  /** Waits on the clock, or until the request is over: a timer must not outlive its request. */
  #wait(ms: number, over: Promise<void>): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(resolve, ms);
      void over.then(() => {
        this.#clock.clearTimeout(timer);
        resolve();
      });
    });
  }
}

function reset(): Error {
  return Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
}

function record(list: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < list.length; i += 2) {
    const [name, value] = [list[i]!, list[i + 1]!];
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}
