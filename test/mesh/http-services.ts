import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A service on a loopback socket. */
export interface HttpService extends AsyncDisposable {
  /** `127.0.0.1:40001` */
  readonly address: string;
  readonly port: number;
  readonly server: Server;
  /** Sockets open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Sockets so far. */
  accepted: number;
  close(): Promise<void>;
}

/** Starts a service that answers with `listener`, on a free port. */
export async function httpService(listener: RequestListener): Promise<HttpService> {
  const server = createServer(listener);
  // A busy test machine must not turn keep-alive into a race.
  server.keepAliveTimeout = 60_000;
  const sockets = new Set<Socket>();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const service: HttpService = { address: `127.0.0.1:${port}`, port, server, sockets, accepted: 0, close, [Symbol.asyncDispose]: close };
  server.on('connection', (socket) => {
    service.accepted++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return service;
}

/** A service that says `text` to everything, after reading the request to its end. */
export function says(text: string): Promise<HttpService> {
  return httpService((request, response) => {
    request.resume().on('end', () => response.end(text));
  });
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Waits for `condition`, which something outside this process's control brings about. */
export async function until(condition: () => boolean, what: string, timeoutMs = 5000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
