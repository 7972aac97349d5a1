import { describe, expect, it, vi } from 'vitest';
import { boundedLookup } from '../../src/engine/bounded-lookup.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Look-ups that answer when they are told to. */
function held(): { lookup(host: string): Promise<readonly string[]>; readonly asked: string[]; answer(host: string): void } {
  const waiting = new Map<string, (addresses: readonly string[]) => void>();
  const asked: string[] = [];
  return {
    asked,
    lookup: (host) => (asked.push(host), new Promise((resolve) => waiting.set(host, resolve))),
    answer: (host) => waiting.get(host)!(['10.0.0.1']),
  };
}

describe('look-ups', () => {
  it('run sixteen at a time; the next begins when one has ended', async () => {
    const dns = held();
    const lookup = boundedLookup(dns.lookup, new VirtualClock());
    const names = Array.from({ length: 40 }, (_, i) => `${i}.test`);
    const all = names.map((name) => lookup(name));
    await turn();
    expect(dns.asked).toEqual(names.slice(0, 16));

    dns.answer('3.test');
    await turn();
    expect(dns.asked).toEqual(names.slice(0, 17));

    for (let i = 0; i < 40; i++) {
      if (i !== 3) dns.answer(`${i}.test`);
      await turn();
    }
    expect(await Promise.all(all)).toEqual(names.map(() => ['10.0.0.1']));
  });

  it('of one name at one time are one', async () => {
    const dns = held();
    const lookup = boundedLookup(dns.lookup, new VirtualClock());
    const both = [lookup('a.test'), lookup('a.test')];
    await turn();
    dns.answer('a.test');
    expect(await Promise.all(both)).toEqual([['10.0.0.1'], ['10.0.0.1']]);
    void lookup('a.test');
    await turn();
    expect(dns.asked).toEqual(['a.test', 'a.test']);
  });

  it('that hang give way to others after twenty seconds', async () => {
    const clock = new VirtualClock();
    const dns = held();
    const lookup = boundedLookup(dns.lookup, clock);
    const hung = Array.from({ length: 16 }, (_, i) => lookup(`${i}.test`).catch((error: Error) => error.message));
    await clock.advance(19_999);
    const next = lookup('next.test');
    await turn();
    expect(dns.asked).not.toContain('next.test');

    await clock.advance(1);
    void lookup('another.test');
    await turn();
    expect(await hung[0]).toBe('no address of 0.test within 20 s');
    dns.answer('next.test');
    expect(await next).toEqual(['10.0.0.1']);
  });

  it('fail by themselves', async () => {
    const lookup = boundedLookup(vi.fn(() => { throw new Error('SERVFAIL'); }), new VirtualClock());
    await expect(lookup('a.test')).rejects.toThrow('SERVFAIL');
    await expect(lookup('a.test')).rejects.toThrow('SERVFAIL');
  });
});
