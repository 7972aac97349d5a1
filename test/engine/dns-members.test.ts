import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Endpoint } from '../../src/cluster/model.ts';
import { DnsMembers } from '../../src/engine/dns-members.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const MINUTE = 60_000;

const endpoint = (address: string, version = 'v1'): Endpoint => ({ address, port: 80, labels: { version }, weight: 1, locality: { region: '', zone: '', subzone: '' } });

let clock: VirtualClock;
let answers: Record<string, readonly string[] | Error | Promise<readonly string[]>>;
let lookup: ReturnType<typeof vi.fn<(name: string) => Promise<readonly string[]>>>;
let onChange: ReturnType<typeof vi.fn<() => void>>;
let members: DnsMembers;

beforeEach(() => {
  clock = new VirtualClock();
  answers = {};
  lookup = vi.fn(async (name: string) => {
    const answer = answers[name];
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error(`no such name: ${name}`);
    return answer;
  });
  onChange = vi.fn();
  members = new DnsMembers({ clock, lookup }, onChange);
});

const addresses = (): string[] => members.members.map(({ address }) => address);
const settle = (): Promise<void> => clock.advance(0);

/** Looks the names up as the first request of a cluster does. */
async function resolve(): Promise<void> {
  const told = vi.fn();
  members.whenResolved(told);
  await settle();
  expect(told).toHaveBeenCalledOnce();
}

describe('addresses', () => {
  it.each(['10.0.0.1', '::1', '2001:db8::1', '::ffff:10.0.0.1'])('%s needs no look-up, ever', async (address) => {
    members.declare([endpoint(address)], 'strict-dns');

    expect(members.resolved).toBe(true);
    expect(addresses()).toEqual([address]);
    await clock.advance(10 * MINUTE);
    members.refreshIfDue();
    expect(lookup).not.toHaveBeenCalled();
  });

  it('among names are there from the start, the names come later', async () => {
    answers['a.test'] = ['10.0.0.2'];
    members.declare([endpoint('10.0.0.1'), endpoint('a.test')], 'strict-dns');
    expect([members.resolved, addresses()]).toEqual([false, ['10.0.0.1']]);

    await resolve();

    expect([members.resolved, addresses()]).toEqual([true, ['10.0.0.1', '10.0.0.2']]);
    expect(onChange).toHaveBeenCalledOnce();
  });
});

describe('names', () => {
  it('are not looked up before somebody asks, and once for all who ask at once', async () => {
    answers['a.test'] = ['10.0.0.1'];
    members.declare([endpoint('a.test'), endpoint('a.test', 'v2')], 'strict-dns');
    await settle();
    expect(lookup).not.toHaveBeenCalled();

    const told = [vi.fn(), vi.fn()];
    for (const listener of told) members.whenResolved(listener);
    members.refreshIfDue();
    await settle();

    expect(lookup).toHaveBeenCalledExactlyOnceWith('a.test');
    for (const listener of told) expect(listener).toHaveBeenCalledOnce();
    expect(members.members.map(({ address, labels: { version } }) => `${address} ${version}`)).toEqual(['10.0.0.1 v1', '10.0.0.1 v2']);
    expect(members.declaredAt).toEqual([0, 1]);
  });

  it('of STRICT_DNS give all their addresses, of LOGICAL_DNS the first', async () => {
    answers['a.test'] = ['10.0.0.1', '10.0.0.2'];
    answers['b.test'] = ['10.0.1.1'];
    members.declare([endpoint('a.test'), endpoint('b.test')], 'strict-dns');
    await resolve();
    expect(addresses()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.1.1']);
    expect(members.declaredAt).toEqual([0, 0, 1]);

    members.declare([endpoint('a.test')], 'logical-dns');
    expect(addresses()).toEqual(['10.0.0.1']);
    expect(members.members[0]?.alternatives).toEqual(['10.0.0.2']);
  });

  it('that have no address: it is known that there is none', async () => {
    answers['empty.test'] = [];
    members.declare([endpoint('gone.test'), endpoint('empty.test')], 'strict-dns');

    await resolve();

    expect([members.resolved, addresses()]).toEqual([true, []]);
  });
});

describe('a refresh', () => {
  it('comes when the cluster is used, at most once a minute', async () => {
    answers['a.test'] = ['10.0.0.1'];
    members.declare([endpoint('a.test')], 'strict-dns');
    await resolve();
    answers['a.test'] = ['10.0.0.2'];

    await clock.advance(MINUTE - 1);
    members.refreshIfDue();
    await settle();
    expect(lookup).toHaveBeenCalledTimes(1);
    await clock.advance(1);
    expect(lookup).toHaveBeenCalledTimes(1);
    members.refreshIfDue();
    members.refreshIfDue();
    expect(addresses()).toEqual(['10.0.0.1']);
    await settle();

    expect(lookup).toHaveBeenCalledTimes(2);
    expect(addresses()).toEqual(['10.0.0.2']);
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  it('comes as often as the mesh says, also when that is told later', async () => {
    answers['a.test'] = ['10.0.0.1'];
    members.declare([endpoint('a.test')], 'strict-dns');
    await resolve();
    members.declare([endpoint('a.test')], 'strict-dns', 5000);
    for (const calls of [2, 3]) {
      await clock.advance(4999);
      members.refreshIfDue();
      await settle();
      expect(lookup).toHaveBeenCalledTimes(calls - 1);
      await clock.advance(1);
      members.refreshIfDue();
      await settle();
      expect(lookup).toHaveBeenCalledTimes(calls);
    }
  });

  it('that fails leaves what is known; each name for itself', async () => {
    answers['a.test'] = ['10.0.0.1'];
    answers['b.test'] = ['10.0.1.1'];
    members.declare([endpoint('a.test'), endpoint('b.test')], 'strict-dns');
    await resolve();
    answers['a.test'] = new Error('SERVFAIL');
    answers['b.test'] = ['10.0.1.2'];

    await clock.advance(MINUTE);
    members.refreshIfDue();
    await settle();

    expect(addresses()).toEqual(['10.0.0.1', '10.0.1.2']);
    expect(members.resolved).toBe(true);
  });

  it('that fails is made again a minute later', async () => {
    members.declare([endpoint('a.test')], 'strict-dns');
    await resolve();
    answers['a.test'] = ['10.0.0.1'];

    await clock.advance(MINUTE);
    members.refreshIfDue();
    await settle();

    expect(addresses()).toEqual(['10.0.0.1']);
  });
});

describe('a change of the configuration', () => {
  it('keeps the addresses of names that stay, with their new labels, and waits for nothing', async () => {
    answers['a.test'] = ['10.0.0.1'];
    members.declare([endpoint('a.test')], 'strict-dns');
    await resolve();

    members.declare([endpoint('a.test', 'v2')], 'strict-dns');

    expect(members.resolved).toBe(true);
    expect(members.members).toMatchObject([{ address: '10.0.0.1', labels: { version: 'v2' } }]);
    members.refreshIfDue();
    await settle();
    expect(lookup).toHaveBeenCalledTimes(1);
  });

  it('looks a further name up at the next use, and serves from the others meanwhile', async () => {
    answers['a.test'] = ['10.0.0.1'];
    answers['b.test'] = ['10.0.1.1'];
    members.declare([endpoint('a.test')], 'strict-dns');
    await resolve();

    members.declare([endpoint('a.test'), endpoint('b.test')], 'strict-dns');
    expect([members.resolved, addresses()]).toEqual([true, ['10.0.0.1']]);
    members.refreshIfDue();
    await settle();

    expect(addresses()).toEqual(['10.0.0.1', '10.0.1.1']);
  });

  it('to other names altogether is waited for', async () => {
    answers['a.test'] = ['10.0.0.1'];
    answers['b.test'] = ['10.0.1.1'];
    members.declare([endpoint('a.test')], 'strict-dns');
    await resolve();

    members.declare([endpoint('b.test')], 'strict-dns');
    expect([members.resolved, addresses()]).toEqual([false, []]);
    await resolve();

    expect(addresses()).toEqual(['10.0.1.1']);
  });

  it('during a look-up: the new names are looked up too before anyone goes on', async () => {
    const first = Promise.withResolvers<readonly string[]>();
    answers['a.test'] = first.promise;
    answers['b.test'] = ['10.0.1.1'];
    members.declare([endpoint('a.test')], 'strict-dns');
    const told = vi.fn(() => expect(addresses()).toEqual(['10.0.1.1']));
    members.whenResolved(told);
    await settle();

    members.declare([endpoint('b.test')], 'strict-dns');
    first.resolve(['10.0.0.1']);
    await settle();

    expect(told).toHaveBeenCalledOnce();
  });

  it('forgets names that are gone, and looks them up again when they are back', async () => {
    answers['a.test'] = ['10.0.0.1'];
    answers['b.test'] = ['10.0.1.1'];
    members.declare([endpoint('a.test'), endpoint('b.test')], 'strict-dns');
    await resolve();
    members.declare([endpoint('b.test')], 'strict-dns');
    await clock.advance(MINUTE);
    members.refreshIfDue();
    await settle();
    answers['a.test'] = ['10.0.0.9'];

    members.declare([endpoint('a.test'), endpoint('b.test')], 'strict-dns');
    members.refreshIfDue();
    await settle();

    expect(addresses()).toEqual(['10.0.0.9', '10.0.1.1']);
  });

  it('from addresses to names and back begins and ends to look up', async () => {
    answers['a.test'] = ['10.0.0.1'];
    members.declare([endpoint('10.0.0.9')], 'strict-dns');
    members.declare([endpoint('a.test')], 'strict-dns');
    expect(members.resolved).toBe(false);
    await resolve();
    members.declare([endpoint('10.0.0.9')], 'strict-dns');
    await clock.advance(10 * MINUTE);
    members.refreshIfDue();
    await settle();

    expect(addresses()).toEqual(['10.0.0.9']);
    expect(lookup).toHaveBeenCalledTimes(1);
  });
});
