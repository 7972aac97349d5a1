// The other side of the soak: endpoints and callers in a process of their own. It is told where the gateway is, and tells what it was answered.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { hello } from '../../gateway/client-hello-bytes.ts';
import { headerOf, leanCaller, leanServer, type LeanAnswer } from '../support/lean-http.ts';
import { editionOf } from '../support/soak-rules.ts';

interface Order {
  readonly requests: number;
  readonly connections: number;
  readonly callers: number;
  readonly ports: { readonly http: number; readonly tcp: number; readonly tls: number };
}

const tell = (message: object): void => void process.send!(message);
const versionOf = ({ localAddress }: Socket): string => (localAddress?.startsWith('127.0.200.') === true ? 'v1' : 'v2');
const listening = async (server: Server): Promise<number> => {
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const seen = {
  begun: 0,
  served: 0,
  answers: {} as Record<string, number>,
  told: {} as Record<string, number>,
  unanswered: 0,
  /** What no edition could have answered. */
  wrong: [] as string[],
  expected: { aborted: 0, abortedVariance: 0, delayed: 0, delayedVariance: 0, v1: 0, v1Variance: 0 },
  v1: 0,
  connections: 0,
  ended: {} as Record<string, number>,
};
const count = (counts: Record<string, number>, key: string | number): void => void (counts[key] = (counts[key] ?? 0) + 1);

// ---- endpoints

const http = leanServer(versionOf, () => seen.served++);
const tcp = createServer((socket) => {
  socket.on('error', () => {}).on('data', (data) => (String(data).startsWith('end') ? socket.end(`${versionOf(socket)} end`) : socket.write(`${versionOf(socket)} ${String(data)}`)));
});
const tls = createServer((socket) => {
  let bytes = 0;
  socket.on('error', () => {}).on('data', (data) => {
    bytes += data.length;
    if (bytes === HELLO.length) socket.write(`${versionOf(socket)} ${bytes}`);
  });
});
const HELLO = hello('a.example.com');
const STRANGE = hello('a.other.test');

// ---- callers

/** Callers come from everywhere: no pair of addresses runs out of ports. */
let places = 0;
function place(): string {
  places++;
  return `127.0.${1 + (places % 190)}.${1 + (Math.floor(places / 190) % 250)}`;
}

const GO = 'GET /go HTTP/1.1\r\nhost: soak.test\r\n\r\n';
const MOVED = 'GET /moved HTTP/1.1\r\nhost: soak.test\r\n\r\n';
const NOWHERE = 'GET /nowhere HTTP/1.1\r\nhost: soak.test\r\n\r\n';
const DEPTH = 2;
const REQUESTS_PER_CONNECTION = 1000;

function wrong(answer: LeanAnswer, why: string): void {
  if (seen.wrong.length < 20) seen.wrong.push(`${why}: ${answer.head} ${answer.body}`);
  else seen.wrong.push(why);
}

function check(answer: LeanAnswer, request: string, last: { edition: number }): void {
  const { status, head, body } = answer;
  count(seen.answers, status);
  if (request !== GO) {
    if (status !== (request === MOVED ? 301 : 404)) wrong(answer, 'no such rule');
    return;
  }
  const told = headerOf(head, 'x-told') ?? '';
  const edition = Number(headerOf(head, 'x-edition') ?? Number.NaN);
  count(seen.told, told);
  if (!(edition >= last.edition)) wrong(answer, `edition after ${last.edition}`);
  last.edition = edition;
  const { aborted, abortStatus, delayed, toV1 } = editionOf(edition);
  const isAborted = told.includes('FI');
  if (isAborted ? status !== abortStatus || aborted === 0 || body !== 'fault filter abort' : status !== 200) wrong(answer, 'status');
  if (told.includes('DI') && delayed === 0) wrong(answer, 'delay');
  if (!isAborted && ((body === 'v1' && toV1 === 0) || (body === 'v2' && toV1 === 100) || !/^v[12]$/.test(body))) wrong(answer, 'version');
  const { expected } = seen;
  const [a, d, v] = [aborted / 100, delayed / 100, toV1 / 100];
  expected.aborted += a;
  expected.abortedVariance += a * (1 - a);
  expected.delayed += d;
  expected.delayedVariance += d * (1 - d);
  if (!isAborted) {
    expected.v1 += v;
    expected.v1Variance += v * (1 - v);
    if (body === 'v1') seen.v1++;
  }
}

/** One caller after the other, each on a connection of its own. */
function call({ requests, ports }: Order): Promise<void> {
  return new Promise((resolve) => {
    const caller = (): void => {
      let own = 0;
      const last = { edition: 0 };
      leanCaller({
        port: ports.http,
        localAddress: place(),
        depth: DEPTH,
        next: () => {
          if (own === REQUESTS_PER_CONNECTION || seen.begun >= requests) return undefined;
          own++;
          const n = seen.begun++;
          return n % 50 === 0 ? MOVED : n % 50 === 25 ? NOWHERE : GO;
        },
        onAnswer: (answer, request) => check(answer, request, last),
        onClose: (unanswered) => {
          seen.unanswered += unanswered;
          if (seen.begun < requests) caller();
          else resolve();
        },
      });
    };
    caller();
  });
}

/** A connection from its beginning to its end. */
async function connection(n: number, { ports }: Order): Promise<void> {
  const kind = n % 100 === 99 ? 'strange' : n % 2 === 0 ? 'tcp' : 'tls';
  const way = kind === 'strange' ? 'closed' : ['end', 'leave', 'end', 'their end'][n % 4]!;
  const socket = connect({ port: kind === 'tcp' ? ports.tcp : ports.tls, host: '127.0.0.1', localAddress: place() });
  let text = '';
  socket.on('error', () => {}).on('data', (data) => {
    text += String(data);
    if (way === 'leave') socket.destroy();
    else if (way === 'end') socket.end();
    else if (kind === 'tls') socket.destroy();
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const words = way === 'their end' ? 'end' : `ping ${n}`;
  socket.write(kind === 'tcp' ? words : kind === 'tls' ? HELLO : STRANGE);
  await closed;
  const right = kind === 'strange' ? '' : kind === 'tcp' ? words : String(HELLO.length);
  const isRight = kind === 'strange' ? text === '' : new RegExp(`^v[12] ${right}$`).test(text);
  if (!isRight) seen.wrong.push(`connection ${n}, ${kind}, ${way}: ${JSON.stringify(text)}`);
  count(seen.ended, kind === 'strange' ? 'NR' : '-');
  seen.connections++;
}

/** Spread over the time that the requests take. */
async function connectAll(order: Order): Promise<void> {
  let begun = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      while (begun < order.connections) {
        if (begun / order.connections <= seen.begun / order.requests) await connection(begun++, order);
        else await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }),
  );
}

process.once('message', async (order: Order) => {
  const timer = setInterval(() => tell({ begun: seen.begun, connections: seen.connections }), 100);
  await Promise.all([...Array.from({ length: order.callers }, () => call(order)), connectAll(order)]);
  clearInterval(timer);
  tell({ begun: seen.begun, connections: seen.connections, done: seen });
  process.once('message', () => process.exit(0));
});
tell({ endpoints: { http: await listening(http), tcp: await listening(tcp), tls: await listening(tls) } });
