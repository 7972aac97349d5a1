import { once } from 'node:events';
import { createServer, connect as connectTcp, type AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_HELLO_BYTES, readClientHello } from '../../src/gateway/client-hello.ts';

/** What a client of this Node sends first. */
async function helloFor(servername: string): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bare = connectTcp((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = await once(server, 'connection');
  const client = connect({ socket: bare, servername, ALPNProtocols: ['h2', 'http/1.1'] }).on('error', () => {});
  const [bytes] = (await once(accepted, 'data')) as [Buffer];
  client.destroy();
  bare.destroy();
  accepted.destroy();
  server.close();
  return bytes;
}

/** The same message in records of at most `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(records);
}

let named: Buffer;
let nameless: Buffer;
beforeAll(async () => {
  [named, nameless] = [await helloFor('A.Example.com'), await helloFor('')];
});

describe('readClientHello', () => {
  it('reads the name of a real handshake, in lower case', () => {
    expect(readClientHello(named)).toEqual({ kind: 'hello', servername: 'a.example.com' });
  });

  it('knows a handshake without a name', () => {
    expect(readClientHello(nameless)).toEqual({ kind: 'hello' });
  });

  it('puts together what comes in several records', () => {
    expect(readClientHello(inRecords(named, Math.ceil(named.length / 20)))).toEqual({ kind: 'hello', servername: 'a.example.com' });
  });

  it('asks for more until all is there, and says how much', () => {
    for (let length = 0; length < named.length; length++) {
      const seen = readClientHello(named.subarray(0, length));
      expect(seen).toEqual({ kind: 'more', bytes: length < 5 ? 5 : named.length });
    }
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 3, 1])],
    ['another record', Buffer.from([23, 3, 3, 0, 1, 0])],
    ['another message', Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0])],
    ['an empty record', Buffer.from([22, 3, 3, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 3, 0x40, 1])],
    ['a message that is too long', Buffer.from([22, 3, 3, 0, 4, 1, 1, 0, 0])],
  ])('takes %s for no handshake', (_what, bytes) => {
    expect(readClientHello(bytes)).toEqual({ kind: 'other' });
  });

  it('gives up on endless small records', () => {
    expect(readClientHello(inRecords(named, 1))).toEqual({ kind: 'other' });
  });

  it('says the same of a handshake however it is damaged: a name, none, or no handshake', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }), fc.nat(), (changes, cut) => {
        const bytes = Buffer.from(named);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const seen = readClientHello(bytes.subarray(0, cut % (bytes.length + 1)));
        if (seen.kind === 'more') return seen.bytes > cut % (bytes.length + 1) && seen.bytes <= 32 * (16_384 + 5);
        return seen.kind === 'other' || seen.servername === undefined || /^[\x21-\x7e]{1,255}$/.test(seen.servername);
      }),
      { numRuns: 3000 },
    );
  });

  it('never fails, whatever comes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => ['more', 'other', 'hello'].includes(readClientHello(Uint8Array.from([22, 3, 1, ...bytes])).kind)), { numRuns: 2000 });
    expect(MAX_HELLO_BYTES).toBe(65_536);
  });
});
