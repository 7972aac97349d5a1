import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/common/random.ts';
import { HostSet, type HostSetSpec } from '../../src/cluster/host-set.ts';
import { endpoint } from './support.ts';

/** Envoy's window, told with a timer that is looked at in every millisecond. */
interface Model {
  now: number;
  members: readonly number[];
  ejected: Set<number>;
  /** Members that the balancer takes to be healthy. */
  seen: readonly number[];
  appliedAt: number;
  timer: number | undefined;
  /** When each ejected host was ejected, as long as it is out. */
  ejectedAt: Map<number, number>;
}

const RANDOM = seededRandom(11);
const number = (key: string): number => Number(/\.(\d+):/.exec(key)![1]);

function apply(model: Model): void {
  model.seen = model.members.filter((member) => !model.ejected.has(member));
  model.appliedAt = model.now;
  model.timer = undefined;
}

function spec(members: readonly number[], panicThreshold = 0): HostSetSpec {
  return { endpoints: members.map((member) => endpoint(member)), loadBalancer: { kind: 'ROUND_ROBIN' }, panicThreshold };
}

abstract class Step implements fc.Command<Model, HostSet> {
  check(): boolean {
    return true;
  }
  run(model: Model, set: HostSet): void {
    this.step(model, set);
    expect(set.hosts.map((host) => number(host.key))).toEqual(model.members);
    expect(set.membershipHealthy).toBe(model.members.filter((member) => !model.ejected.has(member)).length);
  }
  abstract step(model: Model, set: HostSet): void;
  abstract toString(): string;
}

class Flip extends Step {
  readonly member: number;
  constructor(member: number) {
    super();
    this.member = member;
  }
  step(model: Model, set: HostSet): void {
    const host = set.hosts.find(({ key }) => number(key) === this.member);
    if (host === undefined) return;
    host.health.ejected = !host.health.ejected;
    if (host.health.ejected) {
      model.ejected.add(this.member);
      model.ejectedAt.set(this.member, model.now);
    } else {
      model.ejected.delete(this.member);
      model.ejectedAt.delete(this.member);
    }
    set.healthChanged(model.now);
    if (model.now - model.appliedAt > 1000) apply(model);
    else model.timer ??= model.now + 1000;
  }
  toString(): string {
    return `${this.member} is ejected or back`;
  }
}

class Advance extends Step {
  readonly ms: number;
  constructor(ms: number) {
    super();
    this.ms = ms;
  }
  step(model: Model): void {
    for (let i = 0; i < this.ms; i++) {
      model.now++;
      if (model.timer === model.now) apply(model);
    }
  }
  toString(): string {
    return `${this.ms} ms pass`;
  }
}

class Update extends Step {
  readonly members: readonly number[];
  constructor(members: readonly number[]) {
    super();
    this.members = members;
  }
  step(model: Model, set: HostSet): void {
    const before = model.members;
    const { added, removed } = set.update(spec(this.members), model.now);
    expect(added.map((host) => number(host.key))).toEqual(this.members.filter((member) => !before.includes(member)));
    expect(removed.map((host) => number(host.key))).toEqual(before.filter((member) => !this.members.includes(member)));
    if (JSON.stringify(before) === JSON.stringify(this.members)) return;
    model.members = this.members;
    for (const gone of before.filter((member) => !this.members.includes(member))) {
      model.ejected.delete(gone);
      model.ejectedAt.delete(gone);
    }
    apply(model);
  }
  toString(): string {
    return `members are ${this.members.join(' ')}`;
  }
}

class PickRound extends Step {
  step(model: Model, set: HostSet): void {
    const picks = model.members.map(() => set.pick(model.now, { random: RANDOM }));
    const reached = new Set(picks.flatMap((host) => (host === undefined ? [] : [number(host.key)])));
    expect([...reached].toSorted()).toEqual([...model.seen].toSorted());
    for (const member of reached) {
      const ejectedAt = model.ejectedAt.get(member);
      if (ejectedAt !== undefined) expect(model.now - ejectedAt).toBeLessThan(1000);
    }
  }
  toString(): string {
    return 'a round of picks';
  }
}

const members = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 6 });
const steps = [
  fc.integer({ min: 1, max: 6 }).map((member) => new Flip(member)),
  fc.oneof(fc.nat(2500), fc.constantFrom(1, 999, 1000, 1001)).map((ms) => new Advance(ms)),
  members.map((each) => new Update(each)),
  fc.constant(new PickRound()),
  fc.constant(new PickRound()),
];

describe('HostSet under any sequence', () => {
  it('picks exactly the hosts that Envoy would take to be healthy, never an ejected one beyond the window', () => {
    fc.assert(
      fc.property(members, fc.commands(steps, { maxCommands: 60 }), (initial, commands) => {
        fc.modelRun(
          () => ({
            model: {
              now: 0,
              members: initial,
              ejected: new Set<number>(),
              seen: initial,
              appliedAt: -Infinity,
              timer: undefined,
              ejectedAt: new Map<number, number>(),
            },
            real: new HostSet(spec(initial), 0),
          }),
          commands,
        );
      }),
      { numRuns: 200 },
    );
  });

  it('gives an ejected host only in panic, whatever the priorities', () => {
    const host = fc.record({ priority: fc.nat(2), ejected: fc.boolean() });
    fc.assert(
      fc.property(fc.array(host, { minLength: 1, maxLength: 8 }), fc.nat(100), fc.nat(), (hosts, panicThreshold, seed) => {
        const endpoints = hosts.map((_, index) => endpoint(index + 1));
        const set = new HostSet({ ...spec([], panicThreshold), endpoints, priorities: hosts.map(({ priority }) => priority) }, 0);
        set.hosts.forEach((each, index) => (each.health.ejected = hosts[index]!.ejected));
        set.healthChanged(0);
        const random = seededRandom(seed);
        for (let i = 0; i < 20; i++) {
          const panics = set.healthyPanics;
          const picked = set.pick(0, { random });
          if (picked === undefined) expect(hosts.every(({ ejected }) => ejected)).toBe(true);
          else if (set.healthyPanics === panics) expect(picked.ejected).toBe(false);
        }
      }),
    );
  });
});
