import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { createLocalListener } from '../../src/clients/index.ts';
import { clientsWorld, echo, reviews, type Answered } from './clients-world.ts';

const { http, start, defer } = clientsWorld();

async function world() {
  const asked: string[] = [];
  const v1 = await http((incoming, response) => {
    asked.push(incoming.url!);
    echo('v1')(incoming, response);
  });
  const { mesh } = await start(reviews({ v1, v2: v1 }));
  const listener = await createLocalListener(mesh, { limits: { headersMs: 400, handshakeMs: 400 } });
  defer(() => listener.close({ drainMs: 0 }));
  const served = async (): Promise<void> => {
    const [response] = (await once(request({ host: '127.0.0.1', port: listener.port, agent: false, path: '/honest', headers: { host: 'reviews:9080' } }).end(), 'response')) as [IncomingMessage];
    expect((JSON.parse(await text(response)) as Answered).url).toBe('/honest');
  };
  /** What comes back of bytes that are no request, until the connection ends. */
  const attack = async (bytes: string | Buffer): Promise<string> => {
    const socket = connect(listener.port, '127.0.0.1').on('error', () => {});
    let seen = '';
    socket.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')));
    socket.write(bytes);
    await Promise.all([new Promise((resolve) => socket.once('close', resolve)), served()]);
    return seen;
  };
  return { asked, attack, served, mesh };
}

const HEAD = 'Host: reviews:9080\r\n';

describe('a local listener under attack', () => {
  it.each([
    ['bytes without sense', '\x00\x01\x02\xff\r\n\r\n', /^(HTTP\/1.1 400 |$)/],
    ['TLS where there is none', Buffer.from('160301020001000', 'hex'), /^(HTTP\/1.1 400 |$)/],
    ['a length beside chunks', `POST /smuggled HTTP/1.1\r\n${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n${HEAD}\r\n`, /^HTTP\/1.1 400 /],
    ['two lengths', `POST /smuggled HTTP/1.1\r\n${HEAD}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`, /^HTTP\/1.1 400 /],
    ['two Hosts', `GET /smuggled HTTP/1.1\r\n${HEAD}Host: other\r\n\r\n`, /^HTTP\/1.1 400 /],
    ['HTTP/1.0', `GET /smuggled HTTP/1.0\r\n${HEAD}\r\n`, /^HTTP\/1.1 426 /],
    ['no Host', 'GET /smuggled HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
    ['a head without end', `GET /smuggled HTTP/1.1\r\n${HEAD}X: ${'x'.repeat(200_000)}`, /^(HTTP\/1.1 431 |$)/],
    ['a head that drips', 'GET /smuggled HT', /^HTTP\/1.1 408 /],
    ['CONNECT to nowhere', 'CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 400 /],
    ['CONNECT without a port', 'CONNECT reviews HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 400 /],
    ['CONNECT to port 99999', 'CONNECT reviews:99999 HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 400 /],
    ['CONNECT within CONNECT', 'CONNECT reviews:9080 HTTP/1.1\r\nHost: x\r\n\r\nCONNECT reviews:9080 HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 200 .*\r\n\r\nHTTP\/1.1 200 /],
    ['silence within a tunnel', 'CONNECT reviews:9080 HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 200 Connection established\r\n\r\n$/],
    ['half a handshake within a tunnel', Buffer.concat([Buffer.from('CONNECT reviews:9080 HTTP/1.1\r\nHost: x\r\n\r\n'), Buffer.from('1603010200', 'hex')]), /^HTTP\/1.1 200 Connection established\r\n\r\n$/],
    ['half a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\n', /^(HTTP\/1.1 (400|408) |$)/],
    ['frames without sense after the preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x05\x77\x77\x77\x77\x77\x77abcde', /^(?!HTTP\/1.1)/],
  ])('%s', async (_, bytes, answer) => {
    const { asked, attack, served } = await world();

    expect(await attack(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)).toMatch(answer);
    await served();
    expect(asked.filter((url) => url !== '/honest')).toEqual([]);
  });

  it('survives clients that leave at any point', async () => {
    const { attack, served, mesh } = await world();
    const whole = `CONNECT reviews:9080 HTTP/1.1\r\nHost: x\r\n\r\nPOST /left HTTP/1.1\r\n${HEAD}Content-Length: 100\r\n\r\nabc`;
    const { port } = new URL((await createLocalListener(mesh).then((other) => (defer(() => other.close({ drainMs: 0 })), other))).url);
    for (let cut = 1; cut <= whole.length; cut += 5) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      socket.write(whole.slice(0, cut));
      if (cut % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
      socket.resetAndDestroy();
    }
    await served();
    expect(await attack('x\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    await vi.waitFor(() => expect(Object.values(mesh.stats(/upstream_rq_active$/)).reduce((sum, value) => sum + value, 0)).toBe(0));
  });
});
