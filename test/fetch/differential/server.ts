import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createRawServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Place, ScriptedExchange, SeenRequest } from './script.ts';

/** The server of one exchange, and what it saw. */
export interface ScriptedServer extends AsyncDisposable {
  readonly place: Place;
  readonly seen: SeenRequest[];
}

/** Starts the server of `exchange` on a free port of 127.0.0.1 (and of localhost). */
export async function startServer(exchange: ScriptedExchange): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  const notify = (): void => {
    for (const wake of waiting.splice(0)) wake();
  };
  const record = (request: SeenRequest): void => {
    seen.push(request);
    notify();
  };
  const server = exchange.serveRaw === undefined ? httpServer(exchange, record) : rawServer(exchange.serveRaw, record);
  let closed = 0;
  let started = false;
  server.on('request', () => {
    started = true;
    notify();
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      closed++;
      notify();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return {
    seen,
    place: {
      port,
      origin: `http://127.0.0.1:${port}`,
      other: `http://localhost:${port}`,
      refused: 'http://127.0.0.1:9079',
      requests: (count) => until(() => seen.length >= count),
      started: () => until(() => started),
      disconnected: () => until(() => closed > 0),
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
}

function httpServer({ serve }: ScriptedExchange, record: (request: SeenRequest) => void): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    let recorded = false;
    const done = (): void => {
      if (recorded) return;
      recorded = true;
      record(seenOf(request, Buffer.concat(chunks)));
      if (request.complete) (serve ?? answerShortly)(request, response, Buffer.concat(chunks));
    };
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', done);
    request.on('close', done);
    request.on('end', done);
  });
}

const answerShortly: NonNullable<ScriptedExchange['serve']> = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' }).end('hello');
};

function seenOf(request: IncomingMessage, body: Buffer): SeenRequest {
  const headers: string[] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    headers.push(`${request.rawHeaders[i]!.toLowerCase()}: ${request.rawHeaders[i + 1]}`);
  }
  return { method: request.method!, path: request.url!, headers: headers.sort(), body: body.toString('latin1') };
}

function rawServer(serve: NonNullable<ScriptedExchange['serveRaw']>, record: (request: SeenRequest) => void): Server {
  return createRawServer((socket) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = text.slice(0, end);
      text = text.slice(end + 4);
      const [first = '', ...lines] = head.split('\r\n');
      const [method = '', path = ''] = first.split(' ');
      record({ method, path, headers: lines.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase())).sort(), body: '' });
      serve(socket, head);
    });
  });
}
