import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Host } from '../../src/cluster/host.ts';
import { AskedNames } from '../../src/engine/asked-names.ts';
import { VirtualClock } from '../../src/testing/index.ts';

let clock: VirtualClock;
let answers: (name: string) => Promise<readonly string[]>;
let busy: Set<Host>;
let gone: string[];
let names: AskedNames;
const lookup = vi.fn((name: string) => answers(name));

beforeEach(() => {
  clock = new VirtualClock();
  answers = (name) => Promise.resolve([`10.0.0.${name.length}`]);
  lookup.mockClear();
  busy = new Set();
  gone = [];
  names = new AskedNames({ clock, lookup }, { port: 80, dnsRefreshMs: 1000, isBusy: (host) => busy.has(host), onGone: ({ key }) => gone.push(key) });
});

async function resolved(name: string): Promise<Host | undefined> {
  await new Promise<void>((resolve) => {
    if (names.isKnown(name)) resolve();
    else names.whenKnown(name, resolve);
  });
  return names.host(name);
}

describe('names that callers ask for', () => {
  it('are hosts of their own, the same as long as their address stays', async () => {
    const host = await resolved('a');
    expect(host?.key).toBe('10.0.0.1:80');
    expect(await resolved('b')).not.toBe(host);
    expect(await resolved('a')).toBe(host);
    await clock.advance(1500);
    expect(names.host('a')).toBe(host);
    await clock.advance(0);
    expect(names.host('a')).toBe(host);
    expect([lookup.mock.calls.length, gone]).toEqual([3, []]);
  });

  it('that move give up their host', async () => {
    await resolved('a');
    answers = () => Promise.resolve(['10.9.9.9']);
    await clock.advance(1500);
    names.host('a');
    await clock.advance(0);
    expect([names.host('a')?.key, gone]).toEqual(['10.9.9.9:80', ['10.0.0.1:80']]);
  });

  it('that are addresses need no look-up', async () => {
    expect((await resolved('192.0.2.1'))?.key).toBe('192.0.2.1:80');
    expect(lookup).not.toHaveBeenCalled();
  });

  it('are no more than 1,024; the oldest that nobody uses gives way', async () => {
    const first = await resolved('a0');
    busy.add(first!);
    for (let i = 1; i < 1024; i++) await resolved(`a${i}`);
    await resolved('more');
    expect([names.host('a0'), names.host('a1'), gone]).toEqual([first, undefined, ['10.0.0.2:80']]);
  });

  it('are looked up for nobody any more while 1,024 have no answer', async () => {
    answers = () => new Promise(() => {});
    for (let i = 0; i < 1024; i++) expect(names.isKnown(`a${i}`)).toBe(false);
    expect(await resolved('more')).toBeUndefined();
    expect(lookup).toHaveBeenCalledTimes(0);
  });

  it('without an answer are forgotten', async () => {
    answers = () => Promise.reject(new Error('no such name'));
    expect([await resolved('a'), await resolved('a')]).toEqual([undefined, undefined]);
    expect(lookup).toHaveBeenCalledTimes(2);
  });
});
