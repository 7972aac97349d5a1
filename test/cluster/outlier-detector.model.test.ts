import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Host } from '../../src/cluster/host.ts';
import { OutlierDetector, type OutlierEvent } from '../../src/cluster/outlier-detector.ts';
import { SlowOutlierModel, type SlowOptions } from './slow-outlier-model.ts';
import { endpoint } from './support.ts';

/** One unit of the model is a minute, so that the cap of five minutes is met soon. */
const UNIT = 60_000;
const HOSTS = 5;

interface Real {
  readonly detector: OutlierDetector;
  readonly hosts: Map<string, Host>;
  now: number;
}

abstract class Step implements fc.Command<SlowOutlierModel, Real> {
  check(): boolean {
    return true;
  }
  run(model: SlowOutlierModel, real: Real): void {
    this.step(model, real);
    const { stats } = real.detector;
    expect([...real.hosts.values()].filter((host) => host.ejected).map((host) => host.key)).toEqual(model.ejected());
    expect({
      active: stats.ejections_active,
      overflow: stats.ejections_overflow,
      enforced: stats.ejections_enforced_total,
      detected5xx: stats.ejections_detected_consecutive_5xx,
      detectedGateway: stats.ejections_detected_consecutive_gateway_failure,
      detectedLocal: stats.ejections_detected_consecutive_local_origin_failure,
    }).toEqual(model.counts);
  }
  abstract step(model: SlowOutlierModel, real: Real): void;
  abstract toString(): string;
}

class RecordEvents extends Step {
  readonly name: string;
  readonly event: OutlierEvent;
  readonly times: number;
  constructor(name: string, event: OutlierEvent, times: number) {
    super();
    this.name = name;
    this.event = event;
    this.times = times;
  }
  step(model: SlowOutlierModel, real: Real): void {
    const host = real.hosts.get(this.name);
    for (let i = 0; i < this.times; i++) {
      const before = model.ejected().length;
      model.record(this.name, this.event);
      const verdict = host && real.detector.record(host, this.event, real.now);
      expect(verdict).toBe(model.ejected().length > before ? 'ejected' : undefined);
    }
  }
  toString(): string {
    return `${this.times} × ${this.event} from ${this.name}`;
  }
}

class Advance extends Step {
  readonly units: number;
  constructor(units: number) {
    super();
    this.units = units;
  }
  step(model: SlowOutlierModel, real: Real): void {
    const out = model.ejected();
    model.advance(this.units);
    real.now += this.units * UNIT;
    const back = real.detector.sweep(real.now).map((host) => host.key);
    const still = model.ejected();
    expect(back.toSorted()).toEqual(out.filter((name) => !still.includes(name)).toSorted());
    expect(real.detector.nextSweepAt).toBeGreaterThan(real.now);
  }
  toString(): string {
    return `${this.units} minutes pass`;
  }
}

class Membership extends Step {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
  step(model: SlowOutlierModel, real: Real): void {
    const host = real.hosts.get(this.name);
    if (host !== undefined) {
      real.hosts.delete(this.name);
      real.detector.remove(host);
      model.remove(this.name);
    } else {
      join(model, real, this.name);
    }
  }
  toString(): string {
    return `${this.name} comes or goes`;
  }
}

function join(model: SlowOutlierModel, real: Real, name: string): void {
  const host = new Host(endpoint(Number(name.split('.')[3]!.split(':')[0])), real.now);
  real.hosts.set(name, host);
  real.detector.add(host);
  model.add(name);
}

const names = Array.from({ length: HOSTS }, (_, index) => `10.0.0.${index + 1}:80`);
const event = fc.constantFrom<OutlierEvent>(200, 404, 500, 501, 502, 503, 504, 'connect-success', 'connect-failure', 'timeout');
const options: fc.Arbitrary<SlowOptions> = fc.record({
  consecutive5xx: fc.nat(4),
  consecutiveGateway: fc.option(fc.nat(3), { nil: undefined }),
  consecutiveLocal: fc.nat(3),
  split: fc.boolean(),
  maxPercent: fc.constantFrom(10, 20, 34, 50, 100),
  interval: fc.integer({ min: 1, max: 4 }),
  base: fc.constantFrom(1, 2, 3, 7),
  cap: fc.constant(5),
});
const steps = [
  fc.tuple(fc.constantFrom(...names), event, fc.integer({ min: 1, max: 4 })).map(([name, what, times]) => new RecordEvents(name, what, times)),
  fc.integer({ min: 1, max: 12 }).map((units) => new Advance(units)),
  fc.constantFrom(...names).map((name) => new Membership(name)),
];

describe('OutlierDetector against the slow model', () => {
  it('ejects, counts and lets back the same, whatever happens', () => {
    fc.assert(
      fc.property(options, fc.commands(steps, { maxCommands: 80 }), (chosen, commands) => {
        fc.modelRun(() => {
          const model = new SlowOutlierModel(chosen);
          const detector = new OutlierDetector(
            {
              consecutive5xxErrors: chosen.consecutive5xx,
              consecutiveGatewayErrors: chosen.consecutiveGateway,
              consecutiveLocalOriginFailures: chosen.consecutiveLocal,
              splitExternalLocalOriginErrors: chosen.split,
              maxEjectionPercent: chosen.maxPercent,
              intervalMs: chosen.interval * UNIT,
              baseEjectionTimeMs: chosen.base * UNIT,
            },
            0,
          );
          const real: Real = { detector, hosts: new Map(), now: 0 };
          for (const name of names) join(model, real, name);
          return { model, real };
        }, commands);
      }),
      { numRuns: 300 },
    );
  });
});
