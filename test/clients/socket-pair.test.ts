import fc from 'fast-check';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it, vi } from 'vitest';
import { socketPair } from '../../src/clients/socket-pair.ts';

const CALLEE = { remoteAddress: 'reviews', remotePort: 9080 };

describe('a pair of sockets', () => {
  it('carries whatever is written, both ways at once', async () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 0, maxLength: 40_000 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(chunks, chunks, async (there, back) => {
        const { near, far } = socketPair(CALLEE);
        near.allowHalfOpen = true;
        const send = (list: readonly Uint8Array[], socket: typeof near) => pipeline(Readable.from(list.map((chunk) => Buffer.from(chunk))), socket);
        const [arrived, returned] = await Promise.all([buffer(far), buffer(near), send(there, near), send(back, far)]);

        expect(arrived).toEqual(Buffer.concat(there));
        expect(returned).toEqual(Buffer.concat(back));
        expect([near.bytesWritten, far.bytesRead]).toEqual([arrived.length, arrived.length]);
      }),
      { numRuns: 60 },
    );
  });

  it('brings bytes in a later turn, and no faster than they are read', async () => {
    const { near, far } = socketPair(CALLEE);
    let arrived = false;
    far.once('data', () => {
      arrived = true;
      far.pause();
    });
    near.write('now');
    expect(arrived).toBe(false);
    await vi.waitFor(() => expect(arrived).toBe(true));

    let written = 0;
    const write = (): void => {
      if (written < 1000) near.write(Buffer.alloc(10_000), () => (written++, write()));
    };
    write();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(written).toBeLessThan(100);
    far.resume();
    await vi.waitFor(() => expect(written).toBe(1000));
  });

  it('ends as sockets do: the client with its server, the server when it is done', async () => {
    const { near, far } = socketPair(CALLEE);
    near.resume();
    far.resume();
    near.end('last words');
    await once(far, 'end');
    expect([far.writable, far.readyState, near.readyState]).toEqual([true, 'writeOnly', 'readOnly']);
    far.end();
    await Promise.all([once(near, 'close'), once(far, 'close')]);
    expect([near.readyState, far.readyState]).toEqual(['closed', 'closed']);
  });

  it('is read to its end also by a slow reader, when its writer is gone', async () => {
    const { near, far } = socketPair(CALLEE);
    far.end('all of it');
    far.destroySoon();
    await once(far, 'close');
    await new Promise((resolve) => setTimeout(resolve, 5));

    expect(near.destroyed).toBe(false);
    expect(String(await buffer(near))).toBe('all of it');
    await vi.waitFor(() => expect(near.destroyed).toBe(true));
  });

  it('is gone at both ends when one breaks off; the other is told no error', async () => {
    const { near, far } = socketPair(CALLEE);
    const errors: unknown[] = [];
    near.on('error', (error) => errors.push(error));
    far.on('error', (error) => errors.push(error));
    const closes: [string, boolean][] = [];
    near.on('close', (hadError: boolean) => closes.push(['near', hadError]));
    far.on('close', (hadError: boolean) => closes.push(['far', hadError]));
    const reason = new Error('refused');
    near.write(Buffer.alloc(1_000_000));
    near.destroy(reason);
    await vi.waitFor(() => expect(closes).toHaveLength(2));

    expect(errors).toEqual([reason]);
    expect(closes).toEqual([['near', true], ['far', false]]);
  });

  it('tells of silence until a byte goes by, and never after its end', async () => {
    vi.useFakeTimers();
    try {
      const { near, far } = socketPair(CALLEE);
      far.resume();
      let times = 0;
      near.setTimeout(40, () => times++);
      for (let i = 0; i < 4; i++) {
        vi.advanceTimersByTime(30);
        near.write('x');
        await new Promise((resolve) => process.nextTick(resolve));
      }
      expect(times).toBe(0);
      vi.advanceTimersByTime(40);
      expect(times).toBe(1);
      near.setTimeout(10, () => times++);
      near.destroy();
      vi.advanceTimersByTime(30);
      expect(times).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
