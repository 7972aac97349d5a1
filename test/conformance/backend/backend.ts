import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Arrival, CallBook } from './call-book.ts';
import { answerParts, cutAnswer, informationalHead } from './http1-answer.ts';
import { RequestParser, type RequestHead } from './http1-parser.ts';
import type { AnswerItem, PlanItem } from './plan.ts';

/** What one server is. */
export interface BackendOptions {
  /** The recorded address, `ip:port`. */
  readonly address: string;
  /** The body of its answers. */
  readonly text: string;
  readonly book: CallBook;
}

/** Bodies up to this many bytes are kept as text; of longer ones only the length counts. */
const KEPT_BODY = 4096;

/**
 * A real server on a free port of 127.0.0.1 that does what the plan of each request says. It speaks plain HTTP/1.1. Where
 * a backend must tell protocols apart, that is decided on the first bytes of a connection, in `serve`.
 */
export class Backend {
  readonly #options: BackendOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: BackendOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static start(options: BackendOptions): Promise<Backend> {
    const backend = new Backend(options);
    return new Promise((resolve, reject) => {
      backend.#server.once('error', reject);
      backend.#server.listen(0, '127.0.0.1', () => resolve(backend));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // The other side may reset at any time; that is what some cases are about.
    socket.on('error', () => socket.destroy());
    serveHttp1(socket, this.#options);
  }
}

function serveHttp1(socket: Socket, options: BackendOptions): void {
  let exchange: { readonly arrival: Arrival; readonly item: PlanItem } | undefined;
  const parser = new RequestParser({
    head: (head) => {
      const arrival = arrivalOf(head, options.address);
      exchange = { arrival, item: options.book.arrive(arrival) };
      if (head.headers.some(([name, value]) => name === 'expect' && value.toLowerCase() === '100-continue')) {
        socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      }
    },
    body: (chunk) => {
      const arrival = exchange?.arrival;
      if (arrival === undefined) return;
      arrival.bodyBytes += chunk.length;
      if (arrival.bodyBytes <= KEPT_BODY) arrival.body += chunk.toString('utf8');
    },
    end: () => {
      if (exchange !== undefined) act(socket, exchange.item, exchange.arrival, options.text);
    },
  });
  socket.on('data', (bytes: Buffer) => {
    try {
      parser.push(bytes);
    } catch {
      socket.destroy();
    }
  });
}

function arrivalOf(head: RequestHead, to: string): Arrival {
  return { to, method: head.method, path: head.path, headers: head.headers, body: '', bodyBytes: 0 };
}

// A plan is carried out when the whole request is there: the delay of an answer is not shortened by a slow upload.
function act(socket: Socket, item: PlanItem, arrival: Arrival, text: string): void {
  later(socket, item.delayMs, () => {
    switch (item.kind) {
      case 'answer':
        return answer(socket, item, arrival, text);
      case 'reset':
      case 'refused': // A stream can be refused in HTTP/2 only; the nearest thing here is a reset connection.
        return socket.resetAndDestroy();
      case 'close':
        return void socket.end();
      case 'hang':
        return undefined;
      case 'cut':
        return void socket.end(cutAnswer(text));
      case 'garbage':
        return void socket.end('\x00\x01 this is not HTTP\r\n\r\n');
    }
  });
}

function answer(socket: Socket, item: AnswerItem, arrival: Arrival, text: string): void {
  const closes = arrival.headers.some(([name, value]) => name === 'connection' && value.toLowerCase() === 'close');
  const [first = '', rest] = answerParts(item, { method: arrival.method, text });
  socket.write(`${informationalHead(item)}${first}`);
  later(socket, rest === undefined ? 0 : item.bodyDelayMs, () => {
    if (rest !== undefined) socket.write(rest);
    if (closes) socket.end();
  });
}

// Runs `action` after `ms`, at once when 0, unless the connection is gone by then.
function later(socket: Socket, ms: number, action: () => void): void {
  if (ms === 0) return action();
  const timer = setTimeout(() => {
    socket.off('close', cancel);
    action();
  }, ms);
  const cancel = (): void => clearTimeout(timer);
  socket.once('close', cancel);
}
