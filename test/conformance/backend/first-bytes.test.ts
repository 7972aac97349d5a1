import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { spokenBy, whenSpoken } from './first-bytes.ts';

describe('spokenBy', () => {
  it.each([
    ['GET / HTTP/1.1', 'http1'],
    ['POST', 'http1'],
    ['PR', undefined],
    ['PRI', undefined],
    ['PRI * HTTP/2.0', 'http2'],
    ['PRO', 'http1'],
    ['\x16\x03\x01', 'tls'],
    ['hello', 'other'],
    ['\x00', 'other'],
    ['', undefined],
  ])('%j is %s', (bytes, spoken) => {
    expect(spokenBy(Buffer.from(bytes, 'latin1'))).toBe(spoken);
  });
});

describe('whenSpoken', () => {
  it('takes nothing away, however the bytes come', async () => {
    const socket = new PassThrough();
    const spoken = new Promise((resolve) => whenSpoken(socket, resolve));
    for (const part of ['P', 'R', 'I * ']) {
      socket.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await spoken).toBe('http2');

    let seen = '';
    socket.on('data', (bytes: Buffer) => (seen += bytes.toString()));
    socket.write('HTTP/2.0');
    await expect.poll(() => seen).toBe('PRI * HTTP/2.0');
  });
});
