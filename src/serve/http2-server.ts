import { performServerHandshake, type ServerHttp2Session, type ServerOptions, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { HeaderList } from '../common/headers.ts';
import { MAX_HEAD_BYTES, MAX_HEADERS } from '../engine/admission.ts';
import type { TrailedBody } from '../engine/request-body.ts';
import { EXCESS_BYTES, type ProtocolOptions } from './http1-server.ts';
import { Http2Response } from './http2-response.ts';
import { isAuthority } from './request-head.ts';
import type { ServedRequest, ServeLimits } from './served-request.ts';

/** Source: Envoy's default for `max_concurrent_streams`. */
const MAX_CONCURRENT_STREAMS = 1024;

/** How much of one body may be on its way, unread. Source: Envoy `per_connection_buffer_limit_bytes`. */
const STREAM_WINDOW_BYTES = 1024 * 1024;

/** How much of all bodies of one connection. Source: Envoy's default for `initial_connection_window_size`. */
const CONNECTION_WINDOW_BYTES = 24 * 1024 * 1024;

/** Node ends sessions with too many resets, pings, settings or broken frames by itself. */
function sessionOptions({ headBytes = MAX_HEAD_BYTES, headers = MAX_HEADERS }: ServeLimits): ServerOptions {
  return {
    // Up to a certain excess the engine refuses heads that are too large, in words; beyond, Node resets the stream.
    maxHeaderListPairs: headers + 28,
    settings: { maxConcurrentStreams: MAX_CONCURRENT_STREAMS, initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: headBytes + EXCESS_BYTES, enablePush: false },
  };
}

/** Reads HTTP/2 from connections that it is given; `node:http2` does the reading. */
export class Http2Server<Connection> {
  readonly #options: ProtocolOptions<Connection>;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(options: ProtocolOptions<Connection>) {
    this.#options = options;
  }

  take(socket: Duplex, connection: Connection): void {
    const { limits, exchanges } = this.#options;
    const session = performServerHandshake(socket, sessionOptions(limits));
    this.#sessions.add(session);
    const first = limits.headersMs === 0 ? undefined : setTimeout(() => session.destroy(), limits.headersMs).unref();
    // Node's own, of sessions, outlives the session it is of, and so keeps its socket.
    const idle = limits.idleMs === 0 ? undefined : setTimeout(() => exchanges.has(socket) || session.close(), limits.idleMs).unref();
    session
      .on('error', () => {})
      .on('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES))
      .on('stream', (stream, _headers, _flags, raw) => {
        clearTimeout(first);
        stream.once('close', () => idle?.refresh());
        this.#answer(stream, socket, connection, raw as unknown as readonly string[]);
      })
      .once('close', () => {
        clearTimeout(first);
        clearTimeout(idle);
        this.#sessions.delete(session);
        socket.destroy();
      });
    // Listeners leave their sockets half open; here nothing can come back from a caller that has ended its side.
    socket.once('end', () => socket.destroy());
  }

  /** Tells callers that no further request is taken; those under way end. */
  drain(): void {
    for (const session of this.#sessions) session.close();
  }

  #answer(stream: ServerHttp2Stream, socket: Duplex, connection: Connection, raw: readonly string[]): void {
    const { exchanges, limits, serve } = this.#options;
    const request = requestOf(stream, connection, raw);
    if (request === undefined || !isAuthority(request.authority)) {
      // Envoy knows no route for CONNECT.
      stream.on('error', () => {}).respond({ ':status': request === undefined ? 404 : 400 }, { endStream: true });
      return;
    }
    exchanges.begin(socket);
    stream.once('close', () => exchanges.end(socket));
    serve(request, new Http2Response(stream, limits.stallMs));
  }
}

/** `undefined` for CONNECT, which has no path. What else a request must have `node:http2` has seen to. */
function requestOf<Connection>(stream: ServerHttp2Stream, connection: Connection, raw: readonly string[]): ServedRequest<Connection> | undefined {
  const headers: HeaderList = [];
  const pseudo: Record<string, string> = {};
  let host = '';
  let cookieAt = -1;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    if (name.startsWith(':')) pseudo[name] = value;
    else if (name === 'host') host ||= value;
    // Split for the sake of compression only. Source: RFC 9113 §8.2.3.
    else if (name === 'cookie' && cookieAt > 0) headers[cookieAt] += `; ${value}`;
    else {
      headers.push(name, value);
      if (name === 'cookie') cookieAt = headers.length - 1;
    }
  }
  const { ':method': method = 'GET', ':path': path, ':authority': authority = host } = pseudo;
  if (method === 'CONNECT' || path === undefined) return undefined;
  return { connection, method, authority, path, headers, body: bodyOf(stream), http2: true };
}

function bodyOf(stream: ServerHttp2Stream): TrailedBody | null {
  if (stream.endAfterHeaders) return null;
  let trailers: HeaderList = [];
  stream.once('trailers', (_trailers: unknown, _flags: number, raw: HeaderList) => (trailers = raw));
  return { [Symbol.asyncIterator]: () => stream.iterator({ destroyOnReturn: false }), trailers: () => trailers };
}
