import { createServer, connect as dial, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMesh, meshInfo, seededRandom, type Mesh } from '../../src/index.ts';

/** Calls in one run, over connections that their server closes at the worst moments. */
const CALLS = Number(process.env['TS_MESH_RACES'] ?? 2000);
const CALLERS = 8;

const random = seededRandom(20260101);

/** Ids of requests that the server has read to their end, and how often. */
const arrived = new Map<string, number>();
/** Ids of requests of which the mesh wrote anything to a socket. */
const written = new Set<string>();

/** How the server treats a connection after an answer, or at the next request. Most connections live on for a while. */
const MOMENTS = [
  'live', 'live',
  // An answer, and the end of the connection right behind it: the client's next request may cross it on the wire.
  'end', 'end now', 'end later', 'reset later',
  // The next request is met by a close instead of an answer, before or after it is read.
  'close on request', 'reset on request', 'close after reading',
] as const;

type Moment = (typeof MOMENTS)[number];

function serve(socket: Socket): void {
  let text = '';
  let moment: Moment = 'live';
  socket.on('error', () => {});
  socket.on('data', (data) => {
    if (moment === 'close on request') return void socket.end();
    if (moment === 'reset on request') return void socket.resetAndDestroy();
    text += data.toString('latin1');
    for (;;) {
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      const id = /\/call\/(\S+)/.exec(text)![1]!;
      text = text.slice(end + 4 + length);
      arrived.set(id, (arrived.get(id) ?? 0) + 1);
      if (moment === 'close after reading') return void socket.end();
      answer(socket, id);
      moment = MOMENTS[Math.floor(random() * MOMENTS.length)]!;
      leave(socket, moment);
      if (moment.startsWith('end')) return;
    }
  });
}

function answer(socket: Socket, id: string): void {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${id.length}\r\n\r\n${id}`);
}

function leave(socket: Socket, moment: Moment): void {
  if (moment === 'end') socket.end();
  else if (moment === 'end now') socket.end(() => socket.destroy());
  else if (moment === 'end later') setTimeout(() => socket.end(), random() * 3);
  else if (moment === 'reset later') setTimeout(() => socket.resetAndDestroy(), random() * 3);
}

const server = createServer(serve);
let mesh: Mesh;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  mesh = await createMesh({
    config: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{uri: {prefix: /call/again}}]
    retries: {attempts: 20, retryOn: "reset,connect-failure", backoff: 1ms}
    route: [{destination: {host: reviews}}]
  - match: [{uri: {prefix: /call/before}}]
    retries: {attempts: 20, retryOn: "reset-before-request,connect-failure", backoff: 1ms}
    route: [{destination: {host: reviews}}]
  - route: [{destination: {host: reviews}}]
`,
    endpoints: { 'reviews:9080': [{ address: `127.0.0.1:${port}` }] },
    connect: (target, callback) => {
      const socket = dial(target.port, target.address);
      const write = socket.write.bind(socket);
      // Everything undici writes is a string or a Buffer; ids are in the first line.
      (socket as { write: unknown }).write = (chunk: unknown, ...rest: never[]) => {
        const id = /\/call\/(\S+)/.exec(String(chunk))?.[1];
        if (id !== undefined) written.add(id);
        return write(chunk as string, ...rest);
      };
      socket.once('error', callback).once('connect', () => callback(null, socket));
    },
  });
});

afterAll(async () => {
  await mesh.close({ drainMs: 0 });
  server.close();
});

describe('connections that their server closes at the worst moment', () => {
  it(`cost no request that may be sent again, and send none twice, in ${CALLS} calls`, async () => {
    const wrong: string[] = [];
    const seen = { answered: 0, again: 0, lost: 0, unwritten: 0 };
    let next = 0;

    const caller = async (): Promise<void> => {
      while (next < CALLS) {
        const number = next++;
        const kind = ['again', 'before', 'once'][number % 3]!;
        const id = `${kind}/${number}`;
        const response = await mesh.fetch(`http://reviews:9080/call/${id}`, kind === 'again' ? {} : { method: 'POST', body: 'x' });
        const body = await response.text();
        const times = arrived.get(id) ?? 0;
        const { flags } = meshInfo(response)!;
        if (response.status === 200) {
          seen.answered++;
          if (body !== id) wrong.push(`${id} was answered with ${body}`);
          if (times > 1) seen.again++;
        } else {
          seen.lost++;
          if (kind === 'again') wrong.push(`${id} could be sent again, but got ${response.status} ${flags}`);
          if (!written.has(id)) wrong.push(`${id} was never written, but got ${response.status} ${flags}`);
        }
        if (kind !== 'again' && times > 1) wrong.push(`${id} arrived ${times} times`);
        arrived.delete(id);
        written.delete(id);
        // Callers that pause let closes come in between.
        if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, random() * 3));
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));

    expect(wrong).toEqual([]);
    // The races did happen, else this test shows nothing.
    expect(seen.lost).toBeGreaterThan(CALLS / 100);
    expect(seen.again).toBeGreaterThan(CALLS / 1000);
    expect(seen.answered + seen.lost).toBe(CALLS);
  }, 600_000);
});
