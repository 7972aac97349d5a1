import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** A service that answers WebSockets at `/ws`, refuses them at `/no` and answers nothing at `/silent`; other requests get their path. */
export interface WebSocketService {
  readonly port: number;
  /** Requests to upgrade so far. */
  readonly asked: IncomingMessage[];
  /** The ends of WebSockets here. */
  readonly open: Set<WebSocket>;
  readonly server: Server;
  close(): Promise<void>;
}

/** Starts one. By default it echoes, with `echo ` before texts. */
export async function webSocketService(onOpen: (socket: WebSocket) => void = echo, server: Server = createServer()): Promise<WebSocketService> {
  const sockets = new Set<Socket>();
  const asked: IncomingMessage[] = [];
  const open = new Set<WebSocket>();
  const webSockets = new WebSocketServer({ noServer: true, handleProtocols: (protocols) => [...protocols][0] ?? false });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => response.end(request.url));
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    asked.push(request);
    socket.on('error', () => {});
    if (request.url === '/silent') {
      socket.resume().on('end', () => socket.end());
      return;
    }
    if (request.url === '/no') {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nx-why: no\r\n\r\nno');
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (made) => {
      open.add(made);
      made.on('error', () => {}).on('close', () => open.delete(made));
      onOpen(made);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    open,
    server,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function echo(socket: WebSocket): void {
  socket.on('message', (data: Buffer, isBinary) => socket.send(isBinary ? data : `echo ${data.toString()}`));
}
