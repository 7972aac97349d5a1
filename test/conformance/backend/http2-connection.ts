import { constants, type OutgoingHttpHeaders, performServerHandshake, type ServerHttp2Stream } from 'node:http2';
import { answerFields, HINT, type Lines } from './answer-fields.ts';
import { type Arrival, arrivalOf, takeBody } from './arrival.ts';
import { grpcMessage, GrpcPrefix, isGrpc } from './grpc-message.ts';
import { later } from './later.ts';
import { type AnswerItem, GRPC_OK, OK, type PlanItem } from './plan.ts';
import type { Service, Wire } from './wire.ts';

/** Answers the HTTP/2 requests of a connection as their plans say. */
export function serveHttp2(wire: Wire, service: Service): void {
  const session = performServerHandshake(wire.socket);
  // The other side may break off at any time, and so may a plan.
  session.on('error', () => session.destroy());
  session.on('stream', (stream: ServerHttp2Stream, _headers: unknown, _flags: number, raw: readonly string[]) => {
    serveStream(stream, arrivalFrom(raw, wire, service), wire, service);
  });
}

function serveStream(stream: ServerHttp2Stream, arrival: Arrival, wire: Wire, { book, text }: Service): void {
  const grpc = isGrpc(arrival);
  const planned = book.arrive(arrival);
  const item = grpc && planned === OK ? GRPC_OK : planned;
  const prefix = new GrpcPrefix();
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => takeBody(arrival, grpc ? prefix.strip(chunk) : chunk));
  stream.on('end', () => act(stream, item, { arrival, wire, text }));
}

// `raw` holds names and values by turns.
function arrivalFrom(raw: readonly string[], { tls }: Wire, { address }: Service): Arrival {
  const lines = raw.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, raw[i + 1] ?? '']] : []));
  const pseudo = (name: string): string => lines.find(([own]) => own === name)?.[1] ?? '';
  const headers: Lines = [['host', pseudo(':authority')], ...lines.filter(([name]) => !name.startsWith(':') && name !== 'host')];
  return arrivalOf({ to: address, http2: true, tls, method: pseudo(':method'), path: pseudo(':path'), headers });
}

interface Exchange {
  readonly arrival: Arrival;
  readonly wire: Wire;
  readonly text: string;
}

function act(stream: ServerHttp2Stream, item: PlanItem, exchange: Exchange): void {
  const { socket } = exchange.wire;
  later(stream, item.delayMs, () => {
    if (stream.destroyed) return;
    switch (item.kind) {
      case 'answer':
        return answer(stream, item, exchange);
      case 'reset':
        return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      case 'refused':
        return stream.close(constants.NGHTTP2_REFUSED_STREAM);
      case 'close':
        return void socket.destroy();
      case 'hang':
        return undefined;
      case 'cut':
        stream.respond({ ':status': 200, 'content-type': 'text/plain' });
        return void stream.write(exchange.text, () => setImmediate(() => socket.destroy()));
      case 'garbage':
        return void socket.end('\x00\x01 this is not HTTP\r\n\r\n');
    }
  });
}

function answer(stream: ServerHttp2Stream, item: AnswerItem, { arrival, text }: Exchange): void {
  const { headers, trailers, bodiless } = answerFields(item);
  const empty = bodiless || arrival.method === 'HEAD';
  if (item.informational !== undefined) stream.additionalHeaders({ ':status': item.informational, [HINT[0]]: HINT[1] });
  if (trailers.length > 0) stream.on('wantTrailers', () => stream.sendTrailers(record(trailers)));
  stream.respond({ ':status': item.status, ...record(headers) }, { endStream: empty && trailers.length === 0, waitForTrailers: trailers.length > 0 });
  if (empty) return void stream.end();
  const body = item.grpc === undefined ? Buffer.from(text) : grpcMessage(text);
  if (item.bodyDelayMs > 0) stream.write(body);
  later(stream, item.bodyDelayMs, () => stream.end(body));
}

// Names that HTTP/2 does not know.
const CONNECTION_HEADERS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

function record(lines: Lines): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    if (CONNECTION_HEADERS.has(lower)) continue;
    const before = headers[lower];
    headers[lower] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}
