import type { Duplex } from 'node:stream';
import { type Arrival, arrivalOf, takeBody } from './arrival.ts';
import { answerParts, cutAnswer, informationalHead } from './http1-answer.ts';
import { RequestParser } from './http1-parser.ts';
import { later } from './later.ts';
import type { AnswerItem, PlanItem } from './plan.ts';
import type { Service, Wire } from './wire.ts';

/** Answers the HTTP/1.1 requests of a connection as their plans say. */
export function serveHttp1(wire: Wire, { address, text, book }: Service): void {
  const { socket, tls } = wire;
  let exchange: { readonly arrival: Arrival; readonly item: PlanItem } | undefined;
  const parser = new RequestParser({
    head: ({ method, path, headers }) => {
      const arrival = arrivalOf({ to: address, method, path, headers, tls });
      exchange = { arrival, item: book.arrive(arrival) };
      if (headers.some(([name, value]) => name === 'expect' && value.toLowerCase() === '100-continue')) {
        socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      }
    },
    body: (chunk) => {
      if (exchange !== undefined) takeBody(exchange.arrival, chunk);
    },
    end: () => {
      if (exchange !== undefined) act(wire, exchange.item, exchange.arrival, text);
    },
  });
  socket.on('data', (bytes: Buffer) => {
    if (socket.writableEnded) return;
    try {
      parser.push(bytes);
    } catch {
      refuse(socket);
    }
  });
}

/** What a server of plain HTTP says to anything else, TLS included. */
export function refuse(socket: Duplex): void {
  socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
}

// A plan is carried out when the whole request is there: the delay of an answer is not shortened by a slow upload.
function act({ socket, tcp }: Wire, item: PlanItem, arrival: Arrival, text: string): void {
  later(socket, item.delayMs, () => {
    switch (item.kind) {
      case 'answer':
        return answer(socket, item, arrival, text);
      case 'reset':
      case 'refused': // A stream can be refused in HTTP/2 only; the nearest thing here is a reset connection.
        return void tcp.resetAndDestroy();
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

function answer(socket: Duplex, item: AnswerItem, arrival: Arrival, text: string): void {
  const closes = arrival.headers.some(([name, value]) => name === 'connection' && value.toLowerCase() === 'close');
  const [first = '', rest] = answerParts(item, { method: arrival.method, text });
  socket.write(`${informationalHead(item)}${first}`);
  later(socket, rest === undefined ? 0 : item.bodyDelayMs, () => {
    if (rest !== undefined) socket.write(rest);
    if (closes) socket.end();
  });
}
