import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Downstream } from '../engine/downstream.ts';
import { MAX_HEAD_BYTES } from '../engine/admission.ts';
import { requestBody, type RequestBody } from '../engine/request-body.ts';
import { downstreamHeaders } from '../engine/request-headers.ts';
import { edgeHeaders, plainAddress } from './edge-headers.ts';
import type { GatewayContext } from './gateway-context.ts';
import { ResponseWriter } from './response-writer.ts';

/** A connection that HTTP is spoken on. */
export interface HttpConnection {
  readonly downstream: Downstream;
  /** `https` where TLS ended here. */
  readonly scheme: 'http' | 'https';
  /** The server's port, by which rules match. */
  readonly port: number;
  /** The route configuration that its requests go by. */
  readonly routes: string;
}

/** Longer heads are refused while they are read, those that are too long for Envoy with its own words. */
const MAX_READ_BYTES = MAX_HEAD_BYTES + 8192;

/** How often Node looks for requests that are late, at most. */
const MOST_OFTEN_MS = 100;

/** Takes connections, reads requests from them and sends these through the engine. */
export class HttpDoor {
  readonly #context: GatewayContext;
  readonly #server: Server;
  readonly #connections = new WeakMap<Socket, HttpConnection>();
  readonly #busy = new Set<ServerResponse>();
  readonly #sockets = new Set<Socket>();
  #onIdle: (() => void)[] = [];

  constructor(context: GatewayContext) {
    this.#context = context;
    const { headersMs, requestMs, idleMs } = context.limits;
    const late = Math.min(headersMs || Infinity, requestMs || Infinity, 60_000);
    this.#server = createServer({
      maxHeaderSize: MAX_READ_BYTES,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: Math.max(MOST_OFTEN_MS, late / 4),
    });
    // Node would drop those beyond without a word; the engine refuses them.
    this.#server.maxHeadersCount = 0;
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.#answer(request, response);
    // The endpoint says whether it wants the body.
    this.#server.on('request', answer).on('checkContinue', answer);
    // Envoy knows no route for it.
    this.#server.on('connect', (_request, socket) => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'));
    // Requests that are late are looked for only by a server that listens; this one is given its connections.
    this.#server.emit('listening');
  }

  take(socket: Socket, connection: HttpConnection): void {
    this.#connections.set(socket, connection);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#server.emit('connection', socket);
  }

  /** No further request begins; connections end with the one that is under way. */
  drain(): void {
    this.#server.close();
    const busy = new Set([...this.#busy].map(({ socket }) => socket));
    for (const socket of this.#sockets) if (!busy.has(socket)) socket.destroy();
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    return this.#busy.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #over(response: ServerResponse): void {
    this.#busy.delete(response);
    if (this.#busy.size === 0) for (const listener of this.#onIdle.splice(0)) listener();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    const refused = refusedVersion(request) ?? refusedHost(request);
    if (connection === undefined || refused !== undefined) {
      response.writeHead(refused ?? 500, { connection: 'close', 'content-length': 0 }).end();
      return;
    }
    this.#busy.add(response);
    response.once('close', () => this.#over(response));
    const { engine, maxReplayBytes } = this.#context;
    const { settings } = engine.snapshot;
    const { downstream, scheme, port, routes } = connection;
    const { headers, host } = downstreamHeaders(request.rawHeaders);
    const address = plainAddress(request.socket.remoteAddress);
    const caller = { address, gatewayAddress: engine.options.workloadAddress, requestId: settings.proxyHeaders.requestId };
    const { authority, path } = targetOf(request.url ?? '/', host ?? '');
    const dialled = { scheme, authority, hostname: routes, port };
    const head = { method: request.method ?? 'GET', scheme, authority, path, port, headers: edgeHeaders(headers, caller) };
    const asked = { askedPath: path, askedHeaders: ['host', authority, ...headers] };
    const writer = new ResponseWriter(response, () => request.complete && !this.#context.isClosing());
    engine.dispatch({ head, body: bodyOf(request, maxReplayBytes), dialled, originalDst: null, sourceAddress: address, downstream, ...asked }, writer);
  }
}

/** Source: Envoy without `accept_http_10`, which istio does not set. */
function refusedVersion({ httpVersion }: IncomingMessage): number | undefined {
  return httpVersion === '1.1' ? undefined : 426;
}

/** Of two Hosts nobody knows which one others go by. Source: RFC 9112 §3.2. */
function refusedHost({ headersDistinct }: IncomingMessage): number | undefined {
  return (headersDistinct['host']?.length ?? 0) > 1 ? 400 : undefined;
}

/** A whole URL takes the place of the Host. Source: RFC 9112 §3.2.2. */
function targetOf(url: string, host: string): { authority: string; path: string } {
  const whole = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(url);
  if (whole === null) return { authority: host, path: url };
  const [, authority = '', rest = ''] = whole;
  return { authority, path: rest.startsWith('/') ? rest : `/${rest}` };
}

/** A request whose head says nothing of a body has none. The message is not given away itself: whoever is done with it would close its connection. */
function bodyOf(request: IncomingMessage, maxReplayBytes: number): RequestBody {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return requestBody(null, maxReplayBytes);
  return requestBody({ [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) }, maxReplayBytes);
}
