import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type Fetch = typeof globalThis.fetch;

/** Where the server of one exchange listens. */
export interface Place {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** The same server under another name, hence another origin: `http://localhost:PORT`. */
  readonly other: string;
  readonly port: number;
  /** An origin where nobody listens. */
  readonly refused: string;
  /** Resolves when the server has seen that many requests. */
  requests(count: number): Promise<void>;
  /** Resolves when the head of a request has come. */
  started(): Promise<void>;
  /** Resolves when a connection to the server has closed. */
  disconnected(): Promise<void>;
}

/** One scripted exchange: what the server does, what the caller does, and (returned) what the caller saw. */
export interface ScriptedExchange {
  readonly name: string;
  /** Answers every request. Default: 200 with a short text. The body of the request is in `body`. */
  readonly serve?: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;
  /** In place of `serve`: a bare socket, once the head of a request is there. */
  readonly serveRaw?: (socket: Socket, head: string) => void;
  readonly call: (fetch: Fetch, place: Place) => Promise<unknown>;
}

/** What one server saw of one request. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** `name: value`, names in lower case, sorted: HTTP gives no meaning to the order of different names. */
  readonly headers: readonly string[];
  readonly body: string;
}
