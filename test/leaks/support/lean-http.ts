// HTTP/1.1 as lean as it gets, for loads of a million requests: callers and a server that know what they are going to read.
import { connect, createServer, type Server, type Socket } from 'node:net';

const EMPTY = '0\r\n\r\n';
const END = Buffer.from('\r\n\r\n');

/** Answers every request that has no body with what `bodyOf` says of its connection. */
export function leanServer(bodyOf: (socket: Socket) => string, onRequest: () => void): Server {
  return createServer((socket) => {
    const body = bodyOf(socket);
    const answer = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    let rest: Buffer = Buffer.alloc(0);
    socket.setNoDelay(true).on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      for (let end = bytes.indexOf(END, at); end !== -1; end = bytes.indexOf(END, at)) {
        at = end + END.length;
        onRequest();
        socket.write(answer);
      }
      rest = bytes.subarray(at);
    });
  });
}

/** What is read of an answer. */
export interface LeanAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

export interface LeanCallerOptions {
  readonly port: number;
  /** Where it calls from. */
  readonly localAddress: string;
  /** Requests on the way at once. */
  readonly depth: number;
  /** The next request, whole; `undefined`: there is none. */
  readonly next: () => string | undefined;
  readonly onAnswer: (answer: LeanAnswer, request: string) => void;
  /** The connection is closed, with as many requests that nobody answered. */
  readonly onClose: (unanswered: number) => void;
}

/** One connection with requests one behind the other. It closes when there is nothing more to ask. */
export function leanCaller({ port, localAddress, depth, next, onAnswer, onClose }: LeanCallerOptions): void {
  const asked: string[] = [];
  let rest = '';
  const ask = (): void => {
    let text = '';
    while (asked.length < depth) {
      const request = next();
      if (request === undefined) break;
      asked.push(request);
      text += request;
    }
    if (text !== '') socket.write(text);
    else if (asked.length === 0) socket.end();
  };
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true }, ask);
  socket.setEncoding('latin1');
  socket.on('error', () => {}).on('close', () => onClose(asked.length));
  socket.on('data', (chunk: string) => {
    rest += chunk;
    let at = 0;
    for (let end = rest.indexOf('\r\n\r\n', at); end !== -1; end = rest.indexOf('\r\n\r\n', at)) {
      const head = rest.slice(at, end);
      const bodyAt = end + 4;
      // In chunks come those alone that are empty.
      const length = head.includes('chunked') ? EMPTY.length : Number(headerOf(head, 'content-length') ?? 0);
      if (rest.length < bodyAt + length) break;
      at = bodyAt + length;
      onAnswer({ status: Number(head.slice(9, 12)), head, body: rest.slice(bodyAt, at).replace(EMPTY, '') }, asked.shift() ?? '');
    }
    rest = rest.slice(at);
    ask();
  });
}

/** A value of `head`, whose names are in lower case. */
export function headerOf(head: string, name: string): string | undefined {
  const at = head.indexOf(`\r\n${name}: `);
  if (at === -1) return undefined;
  const from = at + name.length + 4;
  const end = head.indexOf('\r\n', from);
  return head.slice(from, end === -1 ? undefined : end);
}
