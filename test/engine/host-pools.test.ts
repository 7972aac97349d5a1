import { describe, expect, it, vi } from 'vitest';
import { Host } from '../../src/cluster/host.ts';
import type { HostPool } from '../../src/engine/host-pool.ts';
import { HostPools, type PoolKind } from '../../src/engine/host-pools.ts';

const host = (address: string): Host => new Host({ address, port: 80, labels: {}, weight: 1, locality: { region: '', zone: '', subzone: '' } }, 0);
const kind = (authority?: string, protocol: PoolKind['protocol'] = 'http1'): PoolKind => ({ protocol, authority });

function pools() {
  const created: { readonly host: Host; readonly kind: PoolKind; readonly drain: ReturnType<typeof vi.fn> }[] = [];
  const all = new HostPools((of, what) => {
    const pool = { host: of, kind: what, drain: vi.fn() };
    created.push(pool);
    return pool as unknown as HostPool;
  });
  return { all, created };
}

describe('HostPools', () => {
  const [a, b] = [host('10.0.0.1'), host('10.0.0.2')];

  it('keeps one pool for each host and kind', () => {
    const { all, created } = pools();
    const kinds = [kind(), kind(undefined, 'http2'), kind('a.test'), kind('b.test')];
    for (const one of [...kinds, ...kinds]) for (const of of [a, b]) all.get(of, one);

    expect(created).toHaveLength(8);
    expect(all.get(a, kind('a.test'))).toBe(all.get(a, kind('a.test')));
    expect(all.of(a)).toHaveLength(4);
    expect(all.all()).toHaveLength(8);
  });

  it('drains those of a host that goes, of every kind', () => {
    const { all, created } = pools();
    for (const of of [a, b]) for (const one of [kind(), kind('a.test')]) all.get(of, one);
    all.drop(a);

    expect(created.map(({ drain }) => drain.mock.calls.length)).toEqual([1, 1, 0, 0]);
    expect(all.of(a)).toEqual([]);
    expect(all.of(b)).toHaveLength(2);
    all.dropAll();
    expect(all.all()).toEqual([]);
  });

  it('does not pile up names that callers make up', () => {
    const { all, created } = pools();
    for (let i = 0; i < 10_000; i++) all.get(a, kind(`${i}.test`));

    expect(all.all().length).toBeLessThanOrEqual(256);
    expect(created.filter(({ drain }) => drain.mock.calls.length === 1)).toHaveLength(10_000 - all.all().length);
    expect(all.get(a, kind('9999.test'))).toBe(created.at(-1));
  });
});
