import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Host } from '../../src/cluster/host.ts';
import type { OutlierDetectionOptions } from '../../src/cluster/model.ts';
import { OutlierDetector, type OutlierEvent } from '../../src/cluster/outlier-detector.ts';
import { COMMANDS, expectSame, MODEL_TIMEOUT_MS, runModel } from '../support/model-runs.ts';
import { SlowOutlierModel, TICK_MS, type SlowOptions } from './slow-outlier-model.ts';
import { endpoint } from './support.ts';

const HOSTS = 5;

/** The detector, its hosts, and what one sees of ejections from outside. */
interface Real {
  readonly detector: OutlierDetector;
  readonly hosts: Map<string, Host>;
  /** Of each host that is out: since when, and the how manieth time it is. */
  readonly out: Map<string, { readonly since: number; readonly times: number }>;
  readonly times: Map<string, number>;
  now: number;
  /** When the options were last changed. */
  changedAt: number;
}

/** Sweeps that are due, as whoever uses a detector makes them up before anything else. */
function sweep(real: Real): void {
  const before = [...real.hosts.values()].filter((host) => host.ejected);
  const back = real.detector.sweep(real.now);
  expectSame(back.map(({ key }) => key).toSorted(), before.filter((host) => !host.ejected).map(({ key }) => key).toSorted());
  for (const { key } of back) real.out.delete(key);
  expectSame(real.detector.nextSweepAt > real.now, true);
}

function same(model: SlowOutlierModel, real: Real): void {
  // Nothing was looked at since a sweep came due.
  if (real.detector.nextSweepAt <= real.now) return;
  const hosts = [...real.hosts].map(([name, { health }]) => [name, health.ejected, health.backoff]);
  expectSame(hosts, [...model.hosts].map(([name, { ejectedAt, multiplier }]) => [name, ejectedAt !== undefined, multiplier]));
  expectSame(real.detector.stats, model.stats);
  for (const { since, times } of real.out.values()) {
    const longest = Math.min(times * model.base, model.longest) + model.interval;
    if (real.now >= Math.max(since, real.changedAt) + longest * TICK_MS) expect.fail(`out since ${since} at ${real.now}`);
  }
}

abstract class Step implements fc.Command<SlowOutlierModel, Real> {
  check(): boolean {
    return true;
  }
  run(model: SlowOutlierModel, real: Real): void {
    this.step(model, real);
    same(model, real);
  }
  abstract step(model: SlowOutlierModel, real: Real): void;
  abstract toString(): string;
}

class RecordEvents extends Step {
  readonly name: string;
  readonly event: OutlierEvent;
  readonly count: number;
  constructor(name: string, event: OutlierEvent, count: number) {
    super();
    this.name = name;
    this.event = event;
    this.count = count;
  }
  step(model: SlowOutlierModel, real: Real): void {
    const { name } = this;
    // One that has left may still have answers to come.
    const host = real.hosts.get(name) ?? hostOf(name, real.now);
    sweep(real);
    for (let i = 0; i < this.count; i++) {
      const before = model.ejected().length;
      model.record(name, this.event);
      const verdict = real.detector.record(host, this.event, real.now);
      expectSame(verdict, model.ejected().length > before ? 'ejected' : undefined);
      if (verdict === undefined) continue;
      expect((real.detector.stats.ejections_active * 100) / real.hosts.size).toBeLessThanOrEqual(model.maxPercent);
      const times = (real.times.get(name) ?? 0) + 1;
      real.times.set(name, times);
      real.out.set(name, { since: real.now, times });
    }
  }
  toString(): string {
    return `${this.count} × ${this.event} from ${this.name}`;
  }
}

class Advance extends Step {
  readonly ticks: number;
  readonly looks: boolean;
  constructor(ticks: number, looks: boolean) {
    super();
    this.ticks = ticks;
    this.looks = looks;
  }
  step(model: SlowOutlierModel, real: Real): void {
    model.advance(this.ticks);
    real.now += this.ticks * TICK_MS;
    if (this.looks) sweep(real);
  }
  toString(): string {
    return `${this.ticks} ticks pass${this.looks ? '' : ', nobody looks'}`;
  }
}

/** A host that fails again as soon as it is back: only so do ejections become long. */
class Relapse extends Step {
  readonly name: string;
  readonly times: number;
  constructor(name: string, times: number) {
    super();
    this.name = name;
    this.times = times;
  }
  step(model: SlowOutlierModel, real: Real): void {
    for (let i = 0; i < this.times; i++) {
      new RecordEvents(this.name, 503, 5).run(model, real);
      while (model.ejected().includes(this.name)) new Advance(1, true).run(model, real);
    }
  }
  toString(): string {
    return `${this.times} relapses of ${this.name}`;
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
    if (host === undefined) {
      join(model, real, this.name);
      return;
    }
    real.hosts.delete(this.name);
    real.out.delete(this.name);
    real.times.delete(this.name);
    real.detector.remove(host);
    model.remove(this.name);
  }
  toString(): string {
    return `${this.name} comes or goes`;
  }
}

class Update extends Step {
  readonly options: SlowOptions;
  constructor(options: SlowOptions) {
    super();
    this.options = options;
  }
  step(model: SlowOutlierModel, real: Real): void {
    sweep(real);
    model.update(this.options);
    real.detector.update(inMilliseconds(this.options), real.now);
    real.changedAt = real.now;
  }
  toString(): string {
    return `options ${JSON.stringify(this.options)}`;
  }
}

function hostOf(name: string, now: number): Host {
  return new Host(endpoint(Number(name.split('.')[3]!.split(':')[0])), now);
}

function join(model: SlowOutlierModel, real: Real, name: string): void {
  const host = hostOf(name, real.now);
  real.hosts.set(name, host);
  real.detector.add(host);
  model.add(name);
}

function inMilliseconds({ interval, base, ...others }: SlowOptions): OutlierDetectionOptions {
  const ms = (ticks: number | undefined): number | undefined => (ticks === undefined ? undefined : ticks * TICK_MS);
  return { ...others, intervalMs: ms(interval), baseEjectionTimeMs: ms(base) };
}

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const options: fc.Arbitrary<SlowOptions> = fc.record({
  consecutive5xxErrors: optional(fc.nat(4)),
  consecutiveGatewayErrors: optional(fc.nat(3)),
  consecutiveLocalOriginFailures: optional(fc.nat(3)),
  splitExternalLocalOriginErrors: optional(fc.boolean()),
  httpErrorCodes: optional(fc.constantFrom([], [429], [500, 503, 404])),
  maxEjectionPercent: fc.constantFrom(undefined, 0, 20, 34, 50, 100, 100, 100),
  interval: optional(fc.nat(4)),
  base: optional(fc.constantFrom(1, 2, 3, 7, 20, 40)),
});
const names = Array.from({ length: HOSTS }, (_, index) => `10.0.0.${index + 1}:80`);
const name = fc.constantFrom(...names);
const event = fc.constantFrom<OutlierEvent>(200, 404, 429, 500, 501, 502, 503, 503, 504, 'connect-success', 'connect-failure', 'timeout');
const recording = fc.tuple(name, event, fc.integer({ min: 1, max: 5 })).map(([who, what, count]) => new RecordEvents(who, what, count));
const time = fc.tuple(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 })), fc.boolean()).map(([ticks, looks]) => new Advance(ticks, looks));
const relapse = fc.tuple(name, fc.integer({ min: 2, max: 5 })).map(([who, times]) => new Relapse(who, times));
const steps = [recording, recording, recording, recording, time, time, time, relapse, name.map((who) => new Membership(who)), options.map((each) => new Update(each))];

describe('OutlierDetector against the slow model', () => {
  it('ejects, counts and lets back the same, whatever happens, and none stays out beyond its time', { timeout: MODEL_TIMEOUT_MS }, async () => {
    let ejections = 0;
    await runModel(
      0.35,
      fc.property(options, fc.commands(steps, COMMANDS), (chosen, commands) => {
        const model = new SlowOutlierModel(chosen);
        const detector = new OutlierDetector(inMilliseconds(chosen), 0);
        const real: Real = { detector, hosts: new Map(), out: new Map(), times: new Map(), now: 0, changedAt: 0 };
        for (const each of names) join(model, real, each);
        fc.modelRun(() => ({ model, real }), commands);
        ejections += detector.stats.ejections_enforced_total;
        // Time heals all: whoever is out comes back.
        new Advance(200, true).run(model, real);
        expect(detector.stats.ejections_active).toBe(0);
      }),
    );
    expect(ejections).toBeGreaterThan(0);
  });
});
