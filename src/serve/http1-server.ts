import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HeaderList } from '../common/headers.ts';
import { MAX_HEAD_BYTES } from '../engine/admission.ts';
import type { Exchanges } from './exchanges.ts';
import { Http1Response } from './http1-response.ts';
import { Http1Upgrade } from './http1-upgrade.ts';
import { refusedStatus, targetOf } from './request-head.ts';
import type { Serve, ServedRequest, ServeLimits, ServeTunnel } from './served-request.ts';
import { Turns } from './turns.ts';
import { UpgradableMessage } from './upgradable-message.ts';

/** Heads that are longer by this are refused while they are read, those that are a little too long with Envoy's own words. */
export const EXCESS_BYTES = 8192;

/** How often Node looks for requests that are late, at most. */
const MOST_OFTEN_MS = 100;

/** What a version of HTTP tells of. */
export interface ProtocolOptions<Connection> {
  readonly limits: ServeLimits;
  readonly exchanges: Exchanges;
  readonly serve: Serve<Connection>;
  readonly tunnel: ServeTunnel<Connection>;
}

/** Reads HTTP/1.1 from connections that it is given; `node:http` does the reading. */
export class Http1Server<Connection> {
  readonly #options: ProtocolOptions<Connection>;
  readonly #server: Server;
  readonly #connections = new WeakMap<Duplex, Connection>();
  readonly #turns = new Turns();
  #draining = false;

  constructor(options: ProtocolOptions<Connection>) {
    this.#options = options;
    const { headersMs, requestMs, idleMs, headBytes = MAX_HEAD_BYTES } = options.limits;
    const late = Math.min(headersMs || Infinity, requestMs || Infinity, 60_000);
    this.#server = createServer({
      IncomingMessage: UpgradableMessage,
      maxHeaderSize: headBytes + EXCESS_BYTES,
      // Node takes none that is longer than that of the whole request.
      headersTimeout: requestMs > 0 ? Math.min(headersMs, requestMs) : headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: Math.max(MOST_OFTEN_MS, late / 4),
    });
    // Node would drop those beyond without a word; the engine refuses them.
    this.#server.maxHeadersCount = 0;
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.#answer(request, response);
    // The endpoint says whether it wants the body.
    this.#server.on('request', answer).on('checkContinue', answer);
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on('connect', (request, socket, head) => this.#tunnel(request, socket, head));
    // Requests that are late are looked for only by a server that listens; this one is given its connections.
    this.#server.emit('listening');
  }

  take(socket: Duplex, connection: Connection): void {
    this.#connections.set(socket, connection);
    this.#server.emit('connection', socket as Socket);
  }

  /** Connections end with the request that is under way. */
  drain(): void {
    this.#draining = true;
    this.#server.close();
  }

  #answer(message: IncomingMessage, response: ServerResponse): void {
    const { socket } = message;
    const connection = this.#connections.get(socket);
    const refused = refusedStatus(message);
    if (connection === undefined || refused !== undefined) {
      response.writeHead(refused ?? 500, { connection: 'close', 'content-length': 0 }).end();
      return;
    }
    const { exchanges, limits, serve } = this.#options;
    this.#turns.begin(socket, () => {
      exchanges.begin(socket);
      response.once('close', () => {
        exchanges.end(socket);
        this.#turns.end(socket);
      });
      serve(requestOf(message, connection), new Http1Response(response, () => message.complete && !this.#draining, limits.stallMs));
    });
  }

  /** Whether it may the door decides; a request after it can't be told from what comes in the other protocol. */
  #upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined || this.#isRefused(message, socket)) return;
    const { exchanges, serve } = this.#options;
    exchanges.begin(socket);
    socket.once('close', () => exchanges.end(socket));
    if (head.length > 0) socket.unshift(head);
    serve({ ...requestOf(message, connection), body: null, upgrade: message.headers.upgrade! }, new Http1Upgrade(message, socket));
  }

  #tunnel(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined || this.#isRefused(message, socket)) return;
    this.#options.tunnel({ connection, authority: message.url ?? '', headers: headersOf(message.rawHeaders) }, socket, head);
  }

  /** Whether it was answered here. */
  #isRefused(message: IncomingMessage, socket: Duplex): boolean {
    if (this.#turns.isBusy(socket)) {
      // What has to follow others' answers can't be told now, nor later.
      socket.destroy();
      return true;
    }
    const refused = refusedStatus(message);
    if (refused !== undefined) socket.end(`HTTP/1.1 ${refused} ${STATUS_CODES[refused]}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    return refused !== undefined;
  }
}

function requestOf<Connection>(message: IncomingMessage, connection: Connection): ServedRequest<Connection> {
  const { method = 'GET', rawHeaders } = message;
  return { connection, method, ...targetOf(message), headers: headersOf(rawHeaders), body: bodyOf(message), http2: false };
}

function headersOf(raw: readonly string[]): HeaderList {
  const headers: HeaderList = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (name !== 'host') headers.push(name, raw[i + 1]!);
  }
  return headers;
}

/** A request whose head says nothing of a body has none. The message is not given away itself: whoever is done with it would close its connection. */
function bodyOf(message: IncomingMessage): AsyncIterable<Uint8Array> | null {
  const { 'content-length': length, 'transfer-encoding': coding } = message.headers;
  if (coding === undefined && (length === undefined || length === '0')) return null;
  return { [Symbol.asyncIterator]: () => message.iterator({ destroyOnReturn: false }) };
}
