import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BODY, HELD_PATH, isAnswer, pathOf, USUAL, type CallKind } from '../../benchmarks/lib/answer.ts';
import { BARE } from '../../benchmarks/lib/contestants/bare.ts';
import { CLIENTS } from '../../benchmarks/lib/contestants/clients.ts';
import { RESILIENT } from '../../benchmarks/lib/contestants/resilient.ts';
import { Upstream } from '../../benchmarks/lib/upstream.ts';

let upstream: Upstream;
beforeAll(async () => (upstream = await Upstream.start(1)));
afterAll(() => upstream[Symbol.dispose]());

const KINDS: readonly CallKind[] = [USUAL, { read: 'text', bytes: 0 }, { read: 'text', bytes: 100_000 }];

describe.each(Object.entries({ ...BARE, ...CLIENTS, ...RESILIENT }))('%s', (_name, contestant) => {
  it('reads what the server sends, with one request for each call', async () => {
    const racer = await contestant({ ports: upstream.ports });
    await upstream.report();

    expect(await Promise.all(KINDS.map((kind) => racer.callOf(kind)()))).toEqual([true, true, true]);
    expect((await upstream.report()).answered).toBe(KINDS.length);
    expect(racer.check(KINDS.length)).toEqual([]);
  });

  it('notices a body of another size', async () => {
    const racer = await contestant({ ports: upstream.ports });

    expect(await racer.callOf({ read: 'text', bytes: 5, path: pathOf({ read: 'text', bytes: 6 }) })()).toBe(false);
  });
});

describe.each(Object.entries(BARE).filter(([name]) => name !== 'dispatch'))('%s', (_name, contestant) => {
  it.each([0, 100_000])('reads %d bytes as a stream', async (bytes) => {
    const racer = await contestant({ ports: upstream.ports });

    expect(await racer.callOf({ read: 'stream', bytes })()).toBe(true);
    expect(await racer.callOf({ read: 'stream', bytes: bytes + 1, path: pathOf({ read: 'stream', bytes }) })()).toBe(false);
  });
});

describe('an answer', () => {
  it('is right when all of it is', () => {
    expect(isAnswer(USUAL, 200, 'application/json', BODY.length)).toBe(true);
    expect(isAnswer(USUAL, 201, 'application/json', BODY.length)).toBe(false);
    expect(isAnswer(USUAL, 200, null, BODY.length)).toBe(false);
    expect(isAnswer(USUAL, 200, 'application/json', BODY.length - 1)).toBe(false);
  });

  it('never comes to a request that is to wait', async () => {
    const racer = await BARE['undici.request']!({ ports: upstream.ports });
    await upstream.report();
    racer.callOf({ read: 'text', path: HELD_PATH })().catch(() => {});

    expect(await racer.callOf(USUAL)()).toBe(true);
    expect((await upstream.report()).answered).toBe(1);
  });
});
