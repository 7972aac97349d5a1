import { beforeAll, describe, expect, it } from 'vitest';
import { runProbe } from './support/run-probe.ts';

// Each probe is a process of its own with --expose-gc and real sockets; it prints what was left behind.

const ANY_DOOR = [
  'a body read to its end',
  'an unread small body',
  'a loop that breaks off',
  'a body aborted by its signal',
  'a call aborted before its answer',
  'a call aborted while it waits for the connection',
  'an answer that is cut',
];
const WAYS = {
  fetch: [...ANY_DOOR, 'an unread large body', 'an unread body that never ends', 'a half-read large body', 'a half-read body that never ends'],
  request: [...ANY_DOOR, 'a large body that is dumped', 'a half-read body that is destroyed'],
};

describe('with one connection at most, the next call is answered and no permit is held after', () => {
  let left: Record<string, unknown>;
  beforeAll(async () => {
    left = await runProbe('bodies');
  }, 100_000);

  it.each(Object.entries(WAYS).flatMap(([door, ways]) => ways.map((way) => `${door}: ${way}`)))('%s', (way) => {
    expect(left[way]).toEqual({ released: true, held: {} });
  });

  it('all of them, and no socket is left', () => {
    expect(left['sockets']).toBe(0);
  });
});

describe('many calls leave nothing', () => {
  it('on a signal they share, and no timer', { timeout: 100_000 }, async () => {
    const left = await runProbe('signals');

    expect(left).toEqual({
      'fetch: listeners, bodies unread': true,
      'request: listeners, bodies dumped': true,
      ...Object.fromEntries(
        ['fetch', 'request'].flatMap((door) => [
          [`${door}: listeners, bodies read`, 0],
          [`${door}: listeners, answers cut`, 0],
          [`${door}: listeners, loops broken off`, true],
          [`${door}: listeners of a signal that fired`, 0],
          [`${door}: timers beyond those of an idle mesh`, 0],
        ]),
      ),
    });
  });

  it('on the heap', { timeout: 200_000 }, async () => {
    const { bytesPerCall, counted } = await runProbe('heap', 180_000);

    expect(counted).toBe(true);
    // A constant part (caches, compiled code) is spread over the calls; what grows with each call is far more.
    expect(bytesPerCall).toBeLessThan(100);
  });
});

describe('many calls of other clients', () => {
  it('leave nothing, by agents, HTTP/2 and the local listener', { timeout: 100_000 }, async () => {
    const { bytesPerCall, ...left } = await runProbe('clients', 90_000);

    expect(left).toEqual({ held: {}, lines: 0, sockets: 0, active: [] });
    // A connection that stayed would be some kilobytes; caches and compiled code are spread over the calls.
    expect(bytesPerCall).toBeLessThan(1000);
  });
});

describe('many callers of a gateway', () => {
  it('leave nothing, by WebSockets and HTTP/2', { timeout: 100_000 }, async () => {
    const { bytesPerCall, ...left } = await runProbe('gateways', 90_000);

    expect(left).toEqual({ held: {}, open: 0, active: [] });
    // A session that stayed would be some kilobytes.
    expect(bytesPerCall).toBeLessThan(1500);
  });
});

describe('close() of a mesh', () => {
  let left: Record<string, unknown>;
  beforeAll(async () => {
    left = await runProbe('closing', 40_000);
  }, 50_000);

  it.each([
    'that was never used',
    'with idle connections',
    'with an ejected endpoint',
    'with a call that waits for its answer',
    'with a body that flows',
    'with a call that is held back by a fault',
    'that watches files',
    'with a mirrored copy under way',
  ])('%s leaves no socket, no timer, and refuses what comes later', (state) => {
    expect(left[state]).toEqual({ left: [], sockets: 0, late: 'ERR_MESH_CLOSED' });
  });
});

describe('a mesh that is never closed', () => {
  it('lets its process end', { timeout: 30_000 }, async () => {
    expect(await runProbe('forgotten', 25_000)).toEqual({ code: 0, signal: null });
  });
});
