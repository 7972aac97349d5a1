import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { hello, record } from './client-hello-bytes.ts';
import { bound, edge, gatewayWorld, service } from './gateway-world.ts';
import { closed, hostileWorld } from './hostile-world.ts';

const { attacked } = hostileWorld();
const { start, tcp } = gatewayWorld();

/** Sends bytes, and waits until the other side closes: what it said meanwhile, as bytes. */
async function answered(port: number, ...parts: Buffer[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const socket = connectTcp(port, '127.0.0.1').on('error', () => {});
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const part of parts) socket.write(part);
  await closed(socket);
  return Buffer.concat(chunks);
}

const ALERT = 21;
const HANDSHAKE = 22;

const HELLO = hello('a.example.com');

describe('handshakes that are none', () => {
  it.each([
    ['noise', Buffer.alloc(64, 0xa5)],
    ['plain HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: a.example.com\r\n\r\n')],
    ['HTTP/2 in the clear', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 0, 2, 0, 21, 0, 0, 0, 16, ...Buffer.alloc(37)])],
    ['SSL 3', record(HELLO.subarray(5), 22, 0x300)],
    ['a record of no bytes', Buffer.concat([record(Buffer.alloc(0)), HELLO])],
    ['a record of another kind', record(HELLO.subarray(5), 23)],
    ['an alert', record(Buffer.from([2, 40]), ALERT)],
    ['a record beyond the largest', Buffer.concat([Buffer.from([22, 3, 1, 0xff, 0xff]), Buffer.alloc(70_000, 1)])],
    ['a message beyond the largest', record(Buffer.concat([Buffer.from([1, 0xff, 0xff, 0xff]), Buffer.alloc(1000)]))],
    ['many records of one byte', Buffer.concat(Array.from(HELLO.subarray(5), (byte) => record(Buffer.from([byte]))).slice(0, 40))],
    ['extensions that are longer than their message', Buffer.concat([HELLO.subarray(0, HELLO.length - 1)])],
    ['a handshake, then noise', Buffer.concat([HELLO, Buffer.alloc(5000, 7)])],
    ['the same handshake twice', Buffer.concat([HELLO, HELLO])],
    ['bytes without end', Buffer.alloc(300_000, 22)],
  ])('%s: closed in time, and nobody else is harmed', async (_what, bytes) => {
    const world = await attacked({ limits: { handshakeMs: 300 } });
    const [seen] = await Promise.all([answered(world.securePort, bytes), world.expectServed()]);

    // An alert at most, or the beginning of a handshake.
    expect([undefined, ALERT, HANDSHAKE]).toContain(seen[0]);
    expect(seen.toString('latin1')).not.toContain('HTTP/1.1 200');
    expect([world.asked, world.problems]).toEqual([[], []]);
    await world.expectServed();
  });

  it('one that is cut short anywhere is waited for no longer than the limit says', async () => {
    const world = await attacked({ limits: { handshakeMs: 300 } });
    const cuts = [0, 1, 4, 5, 6, 9, 11, 43, 44, 60, HELLO.length - 1];
    const begun = performance.now();
    await Promise.all(cuts.map((cut) => answered(world.securePort, HELLO.subarray(0, cut))));

    expect(performance.now() - begun).toBeLessThan(3000);
    await world.expectServed();
  });

  it('one that comes byte by byte is as good as any, if it comes in time', async () => {
    const world = await attacked();
    const socket = connectTcp(world.securePort, '127.0.0.1').setNoDelay(true).on('error', () => {});
    const answer = once(socket, 'data');
    for (const byte of HELLO) {
      socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    expect(((await answer) as [Buffer])[0][0]).toBe(HANDSHAKE);
    socket.destroy();
  });
});

describe('names that are none', () => {
  it.each([
    ['no name', 'closed', undefined],
    ['an empty name', 'closed', ''],
    ['an IPv4 address', 'closed', '127.0.0.1'],
    ['an IPv6 address', 'closed', '::1'],
    ['a name of another host', 'closed', 'evil.test'],
    ['the wildcard itself', 'handshake', '*.example.com'],
    ['a name that only ends so', 'closed', 'evilexample.com'],
    ['a name of 300 bytes', 'closed', `${'a'.repeat(60)}.`.repeat(5) + 'example.com'],
    ['a name of 10,000 bytes', 'closed', `${'a'.repeat(10_000)}.example.com`],
    ['NUL', 'closed', 'a\0.example.com'],
    ['a line break', 'closed', 'a\r\nx.example.com'],
    ['bytes that are no UTF-8', 'closed', 'a\xff\xfe.example.com'],
    ['a label without letters', 'handshake', '..example.com'],
    ['a dot at the end', 'closed', 'a.example.com.'],
  ])('%s: %s', async (_what, outcome, name) => {
    const world = await attacked({ limits: { handshakeMs: 300 } });
    const [seen] = await Promise.all([answered(world.securePort, hello(name)), world.expectServed()]);
    expect(seen[0] === HANDSHAKE ? 'handshake' : 'closed').toBe(outcome);
    expect(world.asked).toEqual([]);
    for (const line of world.lines) expect(line).toMatch(/^[\x20-\x7e]*$/);
    await world.expectServed();
  });

  it('behind a server that passes TLS on, nothing but its own names reaches the endpoint', async () => {
    let arrived = 0;
    const endpoint = await tcp((socket) => {
      arrived++;
      socket.destroy();
    });
    const world = await start(
      edge('{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*.example.com"], tls: {mode: PASSTHROUGH}}') +
        bound('r', 'hosts: ["*.example.com"], tls: [{match: [{sniHosts: ["*.example.com"]}], route: [{destination: {host: secure.local}}]}]') +
        service('secure.local', 'TLS', { v1: endpoint }),
      { limits: { handshakeMs: 300 } },
    );
    const port = world.gateway.portOf(443)!;
    await Promise.all([undefined, '', '127.0.0.1', 'evil.test', 'example.com', 'a.example.com.evil.test', 'a.example.com\0.evil.test'].map((name) => answered(port, hello(name))));
    expect(arrived).toBe(0);
    await answered(port, hello('a.example.com'));
    expect(arrived).toBe(1);
  });
});

it('many handshakes at once that come to nothing leave nothing behind', async () => {
  const world = await attacked({ limits: { handshakeMs: 500 } });
  await Promise.all([...Array.from({ length: 200 }, (_, i) => answered(world.securePort, i % 2 === 0 ? HELLO : HELLO.subarray(0, i))), world.expectServed()]);

  const socket = connect({ port: world.securePort, host: '127.0.0.1', servername: 'a.example.com', rejectUnauthorized: false });
  socket.write('GET /a HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n');
  let seen = '';
  socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  await closed(socket);
  expect(seen).toMatch(/^HTTP\/1.1 200 /);
  expect(world.asked).toEqual(['GET a.example.com /a']);
});
