import { describe, expect, it } from 'vitest';
import { Host } from '../../src/cluster/host.ts';
import type { OutlierDetectionOptions } from '../../src/cluster/model.ts';
import { OutlierDetector, type OutlierEvent } from '../../src/cluster/outlier-detector.ts';
import { endpoints } from './support.ts';

const SECOND = 1000;
const ALL: OutlierDetectionOptions = { maxEjectionPercent: 100 };

function watch(options: OutlierDetectionOptions, count = 1): { detector: OutlierDetector; hosts: readonly [Host, ...Host[]] } {
  const detector = new OutlierDetector(options, 0);
  const [first, ...others] = endpoints(count).map((endpoint) => new Host(endpoint, 0));
  const hosts = [first!, ...others] as const;
  for (const host of hosts) detector.add(host);
  return { detector, hosts: [hosts[0], ...others] };
}

/** The number of the event that ejects the only host, or `never`. */
function ejectedBy(options: OutlierDetectionOptions, events: readonly OutlierEvent[]): number | 'never' {
  const { detector, hosts } = watch({ ...ALL, ...options });
  const at = events.findIndex((event) => detector.record(hosts[0], event, 0) === 'ejected');
  return at < 0 ? 'never' : at + 1;
}

const times = (count: number, event: OutlierEvent): OutlierEvent[] => new Array<OutlierEvent>(count).fill(event);

describe('OutlierDetector counts', () => {
  it.each<{ name: string; options?: OutlierDetectionOptions; events: OutlierEvent[]; by: number | 'never' }>([
    { name: 'five 5xx by default', events: times(6, 500), by: 5 },
    { name: 'three when told so', options: { consecutive5xxErrors: 3 }, events: [500, 503, 404, 500, 502, 200, 501, 500, 504], by: 9 },
    { name: 'a redirect as a success', options: { consecutive5xxErrors: 2 }, events: [500, 302, 500], by: 'never' },
    { name: 'a 600 as a success', options: { consecutive5xxErrors: 2 }, events: [599, 600, 599], by: 'never' },
    { name: 'never, when 5xx is 0', options: { consecutive5xxErrors: 0 }, events: times(20, 500), by: 'never' },
    { name: 'gateway errors only when asked', options: { consecutive5xxErrors: 0 }, events: times(20, 503), by: 'never' },
    { name: 'gateway errors when asked', options: { consecutive5xxErrors: 0, consecutiveGatewayErrors: 2 }, events: [502, 504], by: 2 },
    {
      name: 'a 500 between gateway errors, which starts them anew',
      options: { consecutive5xxErrors: 0, consecutiveGatewayErrors: 2 },
      events: [503, 500, 504, 'connect-failure'],
      by: 4,
    },
    { name: 'a 500 between 5xx, which does not', options: { consecutive5xxErrors: 3, consecutiveGatewayErrors: 3 }, events: [503, 500, 503], by: 3 },
    { name: 'a broken connection as 503', options: { consecutiveGatewayErrors: 1 }, events: ['connect-failure'], by: 1 },
    { name: 'a timeout as 504', options: { consecutiveGatewayErrors: 1 }, events: ['timeout'], by: 1 },
    { name: 'a connection made as nothing', options: { consecutive5xxErrors: 2 }, events: [500, 'connect-success', 500], by: 3 },
    { name: 'only the codes given', options: { consecutive5xxErrors: 2, httpErrorCodes: [429] }, events: [500, 429, 503, 429, 429], by: 5 },
    { name: 'no codes given as all', options: { consecutive5xxErrors: 1, httpErrorCodes: [] }, events: [500], by: 1 },
    {
      name: 'a given code not as a gateway error',
      options: { consecutive5xxErrors: 0, consecutiveGatewayErrors: 1, httpErrorCodes: [503] },
      events: [503],
      by: 'never',
    },
  ])('$name', ({ options = {}, events, by }) => {
    expect(ejectedBy(options, events)).toBe(by);
  });

  it.each<{ name: string; options?: OutlierDetectionOptions; events: OutlierEvent[]; by: number | 'never' }>([
    { name: 'five local failures by default', events: times(6, 'connect-failure'), by: 5 },
    { name: 'as many as told', options: { consecutiveLocalOriginFailures: 2 }, events: ['timeout', 'connect-failure'], by: 2 },
    { name: 'never, when 0', options: { consecutiveLocalOriginFailures: 0 }, events: times(9, 'timeout'), by: 'never' },
    {
      name: 'from the start after each connection made',
      options: { consecutiveLocalOriginFailures: 2 },
      events: ['connect-failure', 'connect-success', 'connect-failure', 'connect-success', 'connect-failure'],
      by: 'never',
    },
    { name: 'local failures not as 5xx', options: { consecutive5xxErrors: 1 }, events: times(4, 'connect-failure'), by: 'never' },
    { name: 'responses apart from local failures', options: { consecutive5xxErrors: 2 }, events: [500, 'timeout', 500], by: 3 },
    { name: 'and lets no response start the local count anew', options: { consecutiveLocalOriginFailures: 2 }, events: ['timeout', 200, 'timeout'], by: 3 },
  ])('with local and external errors split, $name', ({ options = {}, events, by }) => {
    expect(ejectedBy({ ...options, splitExternalLocalOriginErrors: true }, events)).toBe(by);
  });

  it('ejects once: what comes late from an ejected host changes nothing', () => {
    const { detector, hosts } = watch({ ...ALL, consecutive5xxErrors: 1 });

    expect(detector.record(hosts[0], 500, 0)).toBe('ejected');
    expect(detector.record(hosts[0], 500, 1)).toBeUndefined();
    expect(detector.record(hosts[0], 200, 2)).toBeUndefined();
    expect(detector.stats).toMatchObject({ ejections_active: 1, ejections_detected_consecutive_5xx: 1 });
  });

  it('ignores a host that it does not watch (any more)', () => {
    const { detector, hosts } = watch({ ...ALL, consecutive5xxErrors: 1 });
    detector.remove(hosts[0]);

    expect(detector.record(hosts[0], 500, 0)).toBeUndefined();
    expect(hosts[0].ejected).toBe(false);
    expect(detector.stats).toMatchObject({ ejections_overflow: 0, ejections_detected_consecutive_5xx: 0 });
  });
});

describe('OutlierDetector limits', () => {
  it.each([
    { percent: undefined, hosts: 3, ejections: 0 },
    { percent: 0, hosts: 3, ejections: 0 },
    { percent: undefined, hosts: 10, ejections: 1 },
    { percent: 33, hosts: 3, ejections: 0 },
    { percent: 34, hosts: 3, ejections: 1 },
    { percent: 66, hosts: 3, ejections: 1 },
    { percent: 67, hosts: 3, ejections: 2 },
    { percent: 100, hosts: 3, ejections: 3 },
  ])('$percent % of $hosts hosts are $ejections', ({ percent, hosts: count, ejections }) => {
    const { detector, hosts } = watch({ consecutive5xxErrors: 1, maxEjectionPercent: percent }, count);
    for (const host of hosts) detector.record(host, 500, 0);

    expect(hosts.filter((host) => host.ejected)).toHaveLength(ejections);
    expect(detector.stats).toMatchObject({ ejections_active: ejections, ejections_overflow: count - ejections });
  });

  it('counts an overflow for each five errors in a row, and starts counting anew', () => {
    const { detector, hosts } = watch({}, 3);
    for (let i = 0; i < 12; i++) detector.record(hosts[0], 500, i);

    expect(detector.stats).toMatchObject({ ejections_overflow: 2, ejections_detected_consecutive_5xx: 2, ejections_enforced_total: 0 });
  });

  it('counts a gateway detection that is not enforced as detected only', () => {
    const { detector, hosts } = watch({ ...ALL, consecutive5xxErrors: 0 });
    for (let i = 0; i < 10; i++) detector.record(hosts[0], 503, i);

    expect(detector.stats).toMatchObject({
      ejections_detected_consecutive_gateway_failure: 2,
      ejections_enforced_consecutive_gateway_failure: 0,
      ejections_active: 0,
      ejections_overflow: 0,
    });
  });

  it('frees the place of a host that leaves', () => {
    const { detector, hosts } = watch({ consecutive5xxErrors: 1, maxEjectionPercent: 50 }, 2);
    detector.record(hosts[0], 500, 0);
    detector.record(hosts[1]!, 500, 0);
    expect(hosts[1]!.ejected).toBe(false);
    detector.remove(hosts[0]);
    detector.add(new Host(endpoints(3)[2]!, 0));

    expect(detector.stats.ejections_active).toBe(0);
    expect(detector.record(hosts[1]!, 500, 1)).toBe('ejected');
  });

  it('counts a host once, however often it is added or removed', () => {
    const { detector, hosts } = watch({ ...ALL, consecutive5xxErrors: 1 });
    detector.record(hosts[0], 500, 0);
    detector.add(hosts[0]);
    expect(detector.stats.ejections_active).toBe(1);
    detector.remove(hosts[0]);
    detector.remove(hosts[0]);

    expect(detector.stats.ejections_active).toBe(0);
    detector.add(hosts[0]);
    expect(detector.stats.ejections_active).toBe(1);
  });
});

describe('OutlierDetector statistics', () => {
  it.each<{ options: OutlierDetectionOptions; events: OutlierEvent[]; stats: Partial<OutlierDetector['stats']> }>([
    {
      options: { consecutive5xxErrors: 3 },
      events: times(3, 500),
      stats: {
        ejections_total: 1,
        ejections_consecutive_5xx: 1,
        ejections_enforced_total: 1,
        ejections_detected_consecutive_5xx: 1,
        ejections_enforced_consecutive_5xx: 1,
      },
    },
    {
      options: { consecutiveGatewayErrors: 2 },
      events: times(2, 'timeout'),
      stats: {
        ejections_total: 0,
        ejections_enforced_total: 1,
        ejections_detected_consecutive_5xx: 0,
        ejections_enforced_consecutive_5xx: 0,
        ejections_detected_consecutive_gateway_failure: 1,
        ejections_enforced_consecutive_gateway_failure: 1,
      },
    },
    {
      // Both at once: the gateway count ejects, and the 5xx count then no longer matters.
      options: { consecutiveGatewayErrors: 2, consecutive5xxErrors: 2 },
      events: times(2, 503),
      stats: { ejections_enforced_total: 1, ejections_enforced_consecutive_gateway_failure: 1, ejections_detected_consecutive_5xx: 0 },
    },
    {
      options: { splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 4 },
      events: times(4, 'connect-failure'),
      stats: {
        ejections_enforced_total: 1,
        ejections_detected_consecutive_local_origin_failure: 1,
        ejections_enforced_consecutive_local_origin_failure: 1,
        ejections_enforced_consecutive_5xx: 0,
      },
    },
  ])('$options with $events', ({ options, events, stats }) => {
    const { detector, hosts } = watch({ ...ALL, ...options });
    for (const event of events) detector.record(hosts[0], event, 0);

    expect(detector.stats).toMatchObject({ ejections_active: 1, ejections_success_rate: 0, ...stats });
  });
});

describe('OutlierDetector sweeps', () => {
  const OPTIONS = { ...ALL, consecutive5xxErrors: 1, intervalMs: 10 * SECOND, baseEjectionTimeMs: 30 * SECOND };

  /** Fails the only host at each time; gives the times at which it came back, looking every half second. */
  function returns(options: OutlierDetectionOptions, failures: readonly number[], until = 400): readonly number[] {
    const { detector, hosts } = watch(options);
    const back: number[] = [];
    for (let now = 0; now <= until * SECOND; now += 500) {
      if (detector.sweep(now).length > 0) back.push(now / SECOND);
      if (failures.includes(now / SECOND)) detector.record(hosts[0], 500, now);
    }
    return back;
  }

  it.each([
    { name: 'at the first sweep after its time', options: {}, failures: [3], back: [40] },
    { name: 'at a sweep exactly at its end', options: {}, failures: [0], back: [30] },
    { name: 'twice as long the second time', options: {}, failures: [3, 45], back: [40, 110] },
    { name: 'once as long again after one quiet interval', options: {}, failures: [3, 51], back: [40, 90] },
    { name: 'a quiet interval takes one step of growth back', options: {}, failures: [3, 45, 125], back: [40, 110, 190] },
    { name: 'two quiet intervals take two', options: {}, failures: [3, 45, 135], back: [40, 110, 170] },
    { name: 'by default after 30 s', options: { baseEjectionTimeMs: undefined, intervalMs: undefined }, failures: [3], back: [40] },
    { name: 'but not before a longer base time', options: { baseEjectionTimeMs: 390 * SECOND }, failures: [1], back: [400] },
  ])('lets a host back $name', ({ options, failures, back }) => {
    expect(returns({ ...OPTIONS, ...options }, failures)).toEqual(back);
  });

  it('caps a grown ejection at 300 s', () => {
    expect(returns({ ...OPTIONS, baseEjectionTimeMs: 200 * SECOND }, [0, 201], 600)).toEqual([200, 510]);
  });

  it.each([
    { base: 200, at: [0, 201, 511, 821, 1131], grown: [1, 2, 3, 3, 3] },
    { base: 100, at: [0, 101, 311, 621, 931, 1241], grown: [1, 2, 3, 4, 4, 4] },
  ])('stops growing at the cap, so that quiet intervals soon bring it down again ($base s)', ({ base, at, grown }) => {
    const { detector, hosts } = watch({ ...OPTIONS, baseEjectionTimeMs: base * SECOND });
    const backoffs = at.map((seconds) => {
      detector.sweep(seconds * SECOND);
      detector.record(hosts[0], 500, seconds * SECOND);
      return hosts[0].health.backoff;
    });

    expect(backoffs).toEqual(grown);
  });

  it('starts a host that is back with all counts at zero', () => {
    const { detector, hosts } = watch({ ...OPTIONS, consecutive5xxErrors: 2, consecutiveGatewayErrors: 3 });
    for (const event of [503, 503] as const) detector.record(hosts[0], event, 0);
    expect(detector.sweep(30 * SECOND)).toEqual([hosts[0]]);
    detector.record(hosts[0], 503, 31 * SECOND);

    expect(hosts[0].ejected).toBe(false);
    expect(detector.stats.ejections_active).toBe(0);
    expect(detector.record(hosts[0], 503, 32 * SECOND)).toBe('ejected');
  });

  it('gives the same answers whether it is asked at every sweep or only once, late', () => {
    const { detector: busy, hosts: a } = watch(OPTIONS);
    const { detector: lazy, hosts: b } = watch(OPTIONS);
    busy.record(a[0], 500, 3 * SECOND);
    lazy.record(b[0], 500, 3 * SECOND);
    for (let now = 0; now <= 75 * SECOND; now += 10 * SECOND) busy.sweep(now);

    expect(lazy.sweep(75 * SECOND)).toEqual([b[0]]);
    expect(b[0].health).toEqual(a[0].health);
    expect(lazy.nextSweepAt).toBe(busy.nextSweepAt);
  });

  it('does not walk through millions of sweeps in which nothing happens', () => {
    const { detector, hosts } = watch({ ...OPTIONS, intervalMs: 1, baseEjectionTimeMs: 86_400 * SECOND });
    detector.record(hosts[0], 500, 0.5);

    expect(detector.sweep(86_400 * SECOND)).toEqual([]);
    expect(detector.sweep(1e12)).toEqual([hosts[0]]);
    expect(hosts[0].health.unejectedAt).toBe(86_400 * SECOND + 1);
    expect(detector.nextSweepAt).toBe(1e12 + 1);
  });

  it('takes over other options; a new interval counts from then', () => {
    const { detector, hosts } = watch(OPTIONS);
    detector.update({ ...OPTIONS, consecutive5xxErrors: 2 }, 4 * SECOND);
    expect(detector.nextSweepAt).toBe(10 * SECOND);
    expect(detector.record(hosts[0], 500, 5 * SECOND)).toBeUndefined();
    expect(detector.record(hosts[0], 500, 5 * SECOND)).toBe('ejected');
    detector.update({ ...OPTIONS, intervalMs: 7 * SECOND, baseEjectionTimeMs: SECOND }, 6 * SECOND);

    expect(detector.nextSweepAt).toBe(13 * SECOND);
    expect(detector.sweep(13 * SECOND)).toEqual([hosts[0]]);
  });
});
