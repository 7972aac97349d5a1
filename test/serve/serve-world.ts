import type { Dispatcher } from 'undici';
import { afterEach } from 'vitest';
import { HttpServer, type HttpServerOptions } from '../../src/serve/http-server.ts';
import type { ServedRequest } from '../../src/serve/served-request.ts';

/** A request that was handed over, with the means to answer it. */
export interface Seen extends ServedRequest<string> {
  readonly answer: Dispatcher.DispatchHandler;
  readonly controller: FakeController;
}

/** Notes what a caller's connection does to a call. */
export class FakeController implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly told: string[] = [];

  abort(reason: Error): void {
    this.aborted = true;
    this.reason = reason;
    this.told.push('abort');
  }

  pause(): void {
    this.paused = true;
    this.told.push('pause');
  }

  resume(): void {
    this.paused = false;
    this.told.push('resume');
  }
}

/** Answers with a text at once. */
export function say(text: string, status = 200): (seen: Seen) => void {
  return ({ answer, controller }) => {
    answer.onResponseStart?.(controller, status, { 'content-length': String(Buffer.byteLength(text)) });
    answer.onResponseData?.(controller, Buffer.from(text));
    answer.onResponseEnd?.(controller, {});
  };
}

/** Makes servers, and closes them after each test. */
export function serveWorld() {
  const servers: HttpServer<string>[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const server = (react: (seen: Seen) => void = () => {}, options: Partial<HttpServerOptions<string>> = {}) => {
    const seen: Seen[] = [];
    const made = new HttpServer<string>({
      limits: { headersMs: 5000, requestMs: 5000, idleMs: 5000 },
      serve: (request, answer) => {
        const controller = new FakeController();
        const one = { ...request, answer, controller };
        seen.push(one);
        answer.onRequestStart?.(controller, undefined);
        react(one);
      },
      ...options,
    });
    servers.push(made);
    return { server: made, seen };
  };
  return { server };
}
