import { describe, expect, it } from 'vitest';
import { matchesLocality, placeEndpoints, type LocalitySetting } from '../../src/cluster/locality.ts';
import type { Endpoint } from '../../src/cluster/model.ts';
import { endpoint, locality } from './support.ts';

const at = (last: number, where: string, more: Partial<Endpoint> = {}): Endpoint => endpoint(last, { locality: locality(where), ...more });

const ZONES = [
  at(1, 'east/z1/a', { labels: { rack: 'r1' } }),
  at(2, 'east/z1/b', { labels: { rack: 'r2' } }),
  at(3, 'east/z2/a', { labels: { rack: 'r1' } }),
  at(4, 'west/z1/a', { labels: { rack: 'r2' } }),
  at(5, 'west/z1/a', { labels: { rack: 'r1' } }),
  at(6, 'north/z1/a', { labels: { rack: 'r3' } }),
];

/** For each endpoint in its order `number:priority:weight of its locality`. */
function place(
  from: string,
  setting: LocalitySetting | undefined,
  { outlier = true, labels = {}, endpoints = ZONES }: { outlier?: boolean; labels?: Record<string, string>; endpoints?: readonly Endpoint[] } = {},
): readonly string[] {
  const placed = placeEndpoints(endpoints, { locality: locality(from), labels }, setting, outlier);
  return placed.endpoints.map(({ address }, index) =>
    [address.split('.').at(-1), placed.priorities?.[index] ?? '-', placed.localityWeights?.[index] ?? '-'].join(':'),
  );
}

describe('placeEndpoints', () => {
  it.each<{ name: string; from: string; setting: LocalitySetting | undefined; outlier?: boolean; labels?: Record<string, string>; placed: string[] }>([
    { name: 'sorts by locality and does no more when locality is off', from: 'east/z1/a', setting: undefined, placed: ['1:-:-', '2:-:-', '3:-:-', '6:-:-', '4:-:-', '5:-:-'] },
    { name: 'sets no priorities without outlier detection', from: 'east/z1/a', setting: {}, outlier: false, placed: ['1:-:-', '2:-:-', '3:-:-', '6:-:-', '4:-:-', '5:-:-'] },
    { name: 'prefers subzone, zone, region, by default', from: 'east/z1/a', setting: {}, placed: ['1:0:-', '2:1:-', '3:2:-', '6:3:-', '4:3:-', '5:3:-'] },
    { name: 'leaves no gap in the priorities', from: 'east/z1/c', setting: {}, placed: ['1:0:-', '2:0:-', '3:1:-', '6:2:-', '4:2:-', '5:2:-'] },
    { name: 'sets no priorities where all are equally far', from: '', setting: {}, placed: ['1:-:-', '2:-:-', '3:-:-', '6:-:-', '4:-:-', '5:-:-'] },
    {
      name: 'fails over to the named region first, and then draws localities',
      from: 'north/z1/a',
      setting: { failover: [{ from: 'north', to: 'west' }] },
      placed: ['1:2:1', '2:2:1', '3:2:1', '6:0:1', '4:1:2', '5:1:2'],
    },
    {
      name: 'minds only the failover of the own region',
      from: 'north/z1/a',
      setting: { failover: [{ from: 'east', to: 'west' }] },
      placed: ['1:1:1', '2:1:1', '3:1:1', '6:0:1', '4:1:2', '5:1:2'],
    },
    {
      name: 'compares labels in their order',
      from: 'east/z1/a',
      setting: { failoverPriority: ['topology.kubernetes.io/region', 'rack'] },
      labels: { rack: 'r2' },
      placed: ['1:1:1', '2:0:1', '3:1:1', '6:2:1', '4:2:2', '5:2:2'],
    },
    {
      name: 'takes a label’s value from the setting when it is given',
      from: 'east/z1/a',
      setting: { failoverPriority: ['rack=r1'] },
      labels: { rack: 'r2' },
      placed: ['1:0:1', '2:1:1', '3:0:1', '6:1:1', '4:1:1', '5:0:1'],
    },
    {
      name: 'takes no value from an entry with two equal signs, as Istio does not',
      from: 'east/z1/a',
      setting: { failoverPriority: ['rack=r1=x'] },
      labels: { rack: 'r2' },
      placed: ['1:1:1', '2:0:1', '3:1:1', '6:1:1', '4:0:1', '5:1:1'],
    },
    {
      name: 'compares nothing for a caller without any label',
      from: '',
      setting: { failoverPriority: ['rack=r1'] },
      placed: ['1:-:1', '2:-:1', '3:-:1', '6:-:1', '4:-:2', '5:-:2'],
    },
    {
      name: 'grades by labels first, by locality second, when both are given',
      from: 'east/z1/a',
      setting: { failoverPriority: ['rack'], failover: [{ from: 'east', to: 'west' }] },
      labels: { rack: 'r1' },
      placed: ['1:0:1', '2:3:1', '3:1:1', '6:5:1', '4:4:1', '5:2:1'],
    },
  ])('$name', ({ from, setting, placed, outlier, labels }) => {
    expect(place(from, setting, { outlier, labels })).toEqual(placed);
  });

  it.each<{ name: string; from: string; distribute: LocalitySetting['distribute']; placed: string[] }>([
    {
      name: 'gives each place its percents, and the rest nothing',
      from: 'east/z1/a',
      distribute: [{ from: 'east/z1/*', to: { 'east/z1/*': 70, 'west/*': 30 } }],
      placed: ['1:-:35', '2:-:35', '4:-:30', '5:-:30'],
    },
    {
      name: 'rounds up',
      from: 'east/z1/a',
      distribute: [{ from: 'east', to: { east: 100 } }],
      placed: ['1:-:34', '2:-:34', '3:-:34'],
    },
    {
      name: 'takes the first entry for the caller',
      from: 'east/z1/a',
      distribute: [
        { from: 'west/*', to: { west: 100 } },
        { from: 'east/*', to: { 'north/z1/a': 100 } },
        { from: '*', to: { west: 100 } },
      ],
      placed: ['6:-:100'],
    },
    {
      name: 'counts a locality for the first pattern it matches',
      from: 'east/z1/a',
      distribute: [{ from: '*', to: { 'east/z1/a': 80, 'east/*': 20 } }],
      placed: ['1:-:80', '2:-:10', '3:-:10'],
    },
    {
      name: 'weighs localities by their endpoints when none is for the caller',
      from: 'south/z/a',
      distribute: [{ from: 'east/*', to: { west: 100 } }],
      placed: ['1:-:1', '2:-:1', '3:-:1', '6:-:1', '4:-:2', '5:-:2'],
    },
  ])('distributes: $name', ({ from, distribute, placed }) => {
    expect(place(from, { distribute }, { outlier: false })).toEqual(placed);
    expect(place(from, { distribute }, { outlier: true })).toEqual(placed);
  });

  it('shares the percents of a pattern by the weight of the endpoints', () => {
    const endpoints = [at(1, 'east/z1', { weight: 3 }), at(2, 'east/z2'), at(3, 'east/z2', { weight: 2 })];

    expect(place('east/z1', { distribute: [{ from: '*', to: { 'east/*': 60 } }] }, { endpoints })).toEqual(['1:-:30', '2:-:30', '3:-:30']);
  });

  it('keeps the order of endpoints within a locality, and sorts a region before its zones', () => {
    const endpoints = [at(3, 'b'), at(1, 'b/a'), at(2, 'b'), at(4, 'b-1'), at(5, 'a/z')];

    expect(place('', undefined, { endpoints })).toEqual(['5:-:-', '3:-:-', '2:-:-', '4:-:-', '1:-:-']);
  });
});

describe('matchesLocality', () => {
  it.each([
    ['east/z1/a', '*', true],
    ['east/z1/a', 'east', true],
    ['east/z1/a', 'east/*', true],
    ['east/z1/a', 'east/z1', true],
    ['east/z1/a', 'east/z1/*', true],
    ['east/z1/a', 'east/z1/a', true],
    ['east/z1/a', 'east/z2/*', false],
    ['east/z1/a', 'east/z1/b', false],
    ['east/z1/a', 'west', false],
    ['east', 'east/z1', false],
    ['', '*', true],
  ])('%j is within %j: %j', (where, pattern, expected) => {
    expect(matchesLocality(locality(where), pattern)).toBe(expected);
  });
});
