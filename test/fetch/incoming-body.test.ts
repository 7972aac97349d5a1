import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { streamOf } from '../../src/fetch/body-stream.ts';
import { IncomingBody, READ_AHEAD } from '../../src/fetch/incoming-body.ts';

const connection = () => ({
  aborted: false, paused: false, reason: null, pause: vi.fn<() => void>(), resume: vi.fn<() => void>(), abort: vi.fn<(reason: Error) => void>(),
});
const start = () => {
  const wire = connection();
  const settled = vi.fn<() => void>();
  return { wire, settled, body: new IncomingBody(wire, settled) };
};
const text = (bytes: Buffer): string => bytes.toString();
const kib = (count: number): Buffer => Buffer.alloc(count * 1024, 'x');

describe('read-ahead', () => {
  it('holds the connection back at 64 KiB that nobody asked for', () => {
    const { body, wire } = start();
    body.push(kib(63));
    expect(wire.pause).not.toHaveBeenCalled();
    body.push(kib(1));
    expect(wire.pause).toHaveBeenCalledTimes(1);
    expect(READ_AHEAD).toBe(65_536);
  });

  it('goes on for who wants all of it', async () => {
    const { body, wire } = start();
    body.push(kib(64));
    const collected = body.collect((bytes) => bytes.length);
    expect(wire.resume).toHaveBeenCalledTimes(1);
    body.push(kib(200));
    expect(wire.pause).toHaveBeenCalledTimes(1);
    body.end();
    expect(await collected).toBe(264 * 1024);
  });

  it('goes on for a stream as soon as it has taken what is here', async () => {
    const { body, wire } = start();
    body.push(kib(40));
    body.push(kib(40));
    const reader = streamOf(body).getReader();
    expect(wire.resume).not.toHaveBeenCalled();
    expect((await reader.read()).value?.length).toBe(80 * 1024);
    expect(wire.resume).toHaveBeenCalledTimes(1);
  });

  it('a stream takes nothing before it is read', async () => {
    const { body } = start();
    body.push(kib(1));
    streamOf(body);
    await Promise.resolve();
    expect(body.claimed).toBe(false);
  });
});

describe('collect', () => {
  it('gives the same whatever the chunks and whenever asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 5 })), fc.nat(), async (chunks, when) => {
        const { body, settled } = start();
        let collected: Promise<Buffer> | undefined;
        chunks.forEach((chunk, i) => {
          if (i === when % (chunks.length + 1)) collected = body.collect((bytes) => bytes);
          body.push(Buffer.from(chunk));
        });
        collected ??= body.collect((bytes) => bytes);
        body.end();
        expect(Buffer.concat(chunks).equals(await collected)).toBe(true);
        expect(settled).toHaveBeenCalledTimes(1);
      }),
    );
  });

  it('rejects with what the conversion throws', async () => {
    const { body } = start();
    body.end();
    await expect(body.collect(() => {
      throw new RangeError('mine');
    })).rejects.toThrow(new RangeError('mine'));
  });
});

describe('fail', () => {
  it('reaches a collector, a stream, and who comes later', async () => {
    const error = new Error('cut');
    const waiting = start();
    const collected = waiting.body.collect(text);
    waiting.body.fail(error);
    await expect(collected).rejects.toBe(error);

    const streamed = start();
    const reader = streamOf(streamed.body).getReader();
    const read = reader.read();
    streamed.body.fail(error);
    await expect(read).rejects.toBe(error);

    const late = start();
    late.body.push(kib(1));
    late.body.fail(error);
    await expect(late.body.collect(text)).rejects.toBe(error);
    await expect(streamOf(late.body).getReader().read()).rejects.toBe(error);
    expect(late.settled).toHaveBeenCalledTimes(1);
  });

  it('reaches a body that is complete but unread, and not one that was read', async () => {
    const { body, settled } = start();
    body.end();
    expect(settled).not.toHaveBeenCalled();
    body.fail(new Error('aborted'));
    await expect(body.collect(text)).rejects.toThrow('aborted');

    const asked = start();
    asked.body.end();
    const answer = asked.body.collect(text);
    asked.body.fail(new Error('aborted'));
    await expect(answer).rejects.toThrow('aborted');
    expect(asked.settled).toHaveBeenCalledTimes(1);

    const read = start();
    read.body.end();
    expect(await read.body.collect(text)).toBe('');
    read.body.fail(new Error('aborted'));
    expect(read.settled).toHaveBeenCalledTimes(1);
  });
});

describe('cancel', () => {
  it('aborts the connection once, and only while it is needed', async () => {
    const { body, wire, settled } = start();
    body.push(kib(1));
    await streamOf(body).cancel('enough');
    body.cancel('again');
    body.push(kib(1));
    body.end();
    expect(wire.abort.mock.calls).toEqual([['enough']]);
    expect(settled).toHaveBeenCalledTimes(1);

    const complete = start();
    complete.body.end();
    complete.body.cancel('late');
    expect(complete.wire.abort).not.toHaveBeenCalled();
  });
});

describe('a stream', () => {
  it('hands each chunk over once, to readers with and without a buffer, and ends', async () => {
    const { body, settled } = start();
    const stream = streamOf(body);
    const reader = stream.getReader();
    const reads = [reader.read(), reader.read()];
    // A stream asks for its first bytes only after its start.
    await setImmediate();
    body.push(Buffer.from('ab'));
    body.push(Buffer.alloc(0));
    body.push(Buffer.from('cd'));
    expect((await Promise.all(reads)).map(({ value }) => Buffer.from(value as Uint8Array).toString())).toEqual(['ab', 'cd']);
    reader.releaseLock();
    const own = stream.getReader({ mode: 'byob' });
    const last = own.read(new Uint8Array(8));
    body.end();
    expect((await last).done).toBe(true);
    expect(settled).toHaveBeenCalledTimes(1);
  });

  it('hands over what is large in one piece, and leaves the chunks as they were', async () => {
    const { body } = start();
    const chunks = [kib(20), Buffer.alloc(20 * 1024, 'y')];
    for (const chunk of chunks) body.push(chunk);
    body.end();

    const { value } = await streamOf(body).getReader().read();

    expect(Buffer.from(value as Uint8Array).equals(Buffer.concat(chunks))).toBe(true);
    expect(chunks.map(({ length }) => length)).toEqual([20 * 1024, 20 * 1024]);
  });

  it('never hands out memory of the connection', async () => {
    const { body } = start();
    const chunk = Buffer.from('abc');
    body.push(chunk);
    const { value } = await streamOf(body).getReader().read();
    (value as Uint8Array).fill(0);
    expect(chunk.toString()).toBe('abc');
  });
});
