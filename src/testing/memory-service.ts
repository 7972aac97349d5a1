import { Dispatcher } from 'undici';

/** A request as an in-memory service sees it. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  /** By lower-case name; the last of repeated lines. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an in-memory service does with a request. An error that it throws ends the call, and the caller gets to see it. */
export type ServiceAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string | string[]>>;
      /** One that comes in parts breaks the connection where it throws. */
      readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
    }
  /** Never answers. */
  | 'hang'
  /** The connection breaks before a response. */
  | 'reset';

/** A service in this process: an undici Dispatcher for one endpoint, without a socket. */
export class MemoryService extends Dispatcher {
  /** Every request so far. */
  readonly requests: ServiceRequest[] = [];
  readonly #answer: (request: ServiceRequest, by: Dispatcher.DispatchHandler) => ServiceAnswer | Promise<ServiceAnswer>;

  /** @param answer - `by`: who gets the answer, as the mesh calls it */
  constructor(answer: (request: ServiceRequest, by: Dispatcher.DispatchHandler) => ServiceAnswer | Promise<ServiceAnswer> = () => ({})) {
    super();
    this.#answer = answer;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const controller = new ServiceController((reason) => handler.onResponseError?.(controller, reason));
    handler.onRequestStart?.(controller, {});
    void this.#serve(options, handler, controller);
    return true;
  }

  async #serve(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler, controller: ServiceController): Promise<void> {
    const fail = (error: Error): void => {
      if (!controller.aborted) handler.onResponseError?.(controller, error);
    };
    let answer: ServiceAnswer;
    try {
      const request = { method: options.method, path: options.path, headers: headerRecord(options.headers as string[]), body: await textOf(options.body) };
      this.requests.push(request);
      answer = await this.#answer(request, handler);
    } catch (error) {
      fail(error as Error);
      return;
    }
    if (controller.aborted || answer === 'hang') return;
    if (answer === 'reset') {
      fail(connectionReset());
      return;
    }
    const { status = 200, headers = {}, body = '' } = answer;
    handler.onResponseStart?.(controller, status, { ...headers }, '');
    if (typeof body === 'string' || body instanceof Uint8Array) {
      if (body.length > 0 && !controller.aborted) handler.onResponseData?.(controller, Buffer.from(body as string));
    } else {
      try {
        for await (const chunk of body) {
          if (controller.aborted) return;
          handler.onResponseData?.(controller, Buffer.from(chunk as string));
        }
      } catch {
        fail(connectionReset());
        return;
      }
    }
    if (!controller.aborted) handler.onResponseEnd?.(controller, {});
  }
}

/** What a client says of a connection that broke. */
export function connectionReset(): Error {
  return Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
}

class ServiceController implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly #onAbort: (reason: Error) => void;

  constructor(onAbort: (reason: Error) => void) {
    this.#onAbort = onAbort;
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#onAbort(reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

function headerRecord(list: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i + 1 < list.length; i += 2) record[list[i]!] = list[i + 1]!;
  return record;
}

async function textOf(body: unknown): Promise<string> {
  if (body === null || body === undefined) return '';
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  let text = '';
  for await (const chunk of body as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString();
  return text;
}
