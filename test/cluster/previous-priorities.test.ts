import { beforeEach, describe, expect, it } from 'vitest';
import { Host } from '../../src/cluster/host.ts';
import { PreviousPriorities } from '../../src/cluster/previous-priorities.ts';

const USUAL = [100, 0, 0];
const HEALTHY = [{ healthy: 2, total: 2 }, { healthy: 2, total: 2 }, { healthy: 2, total: 2 }];

function host(priority: number): Host {
  const of = new Host({ address: '10.0.0.1', port: 80, labels: {}, weight: 1, locality: { region: '', zone: '', subzone: '' } }, 0);
  of.priority = priority;
  return of;
}

let priorities: PreviousPriorities;
beforeEach(() => {
  priorities = new PreviousPriorities();
});

describe('PreviousPriorities', () => {
  it('leaves out what was tried after every other try, and begins anew when nothing is left', () => {
    const loads = [0, 0, 1, 1, 2, 2, 0].map((priority) => {
      priorities.tried(host(priority));
      return priorities.loads(HEALTHY, USUAL);
    });

    expect(loads).toEqual([
      USUAL, [0, 100, 0], // two in priority 0
      [0, 100, 0], [0, 0, 100], // and two in 1
      [0, 0, 100], [100, 0, 0], // and two in 2: all are back
      USUAL,
    ]);
  });

  it('says the same for every pick of one try', () => {
    for (const priority of [0, 0]) priorities.tried(host(priority));

    expect([1, 2, 3].map(() => priorities.loads(HEALTHY, USUAL))).toEqual([[0, 100, 0], [0, 100, 0], [0, 100, 0]]);
  });

  it('shares out what is left by health', () => {
    for (const priority of [0, 0]) priorities.tried(host(priority));

    expect(priorities.loads([{ healthy: 1, total: 1 }, { healthy: 1, total: 2 }, { healthy: 3, total: 3 }], USUAL)).toEqual([0, 70, 30]);
  });

  it('has nothing to say while no host is healthy', () => {
    for (const priority of [0, 1]) priorities.tried(host(priority));

    expect(priorities.loads([{ healthy: 0, total: 1 }, { healthy: 0, total: 1 }], [100, 0])).toEqual([100, 0]);
  });

  it('turns back to a tried priority when the others have no healthy host', () => {
    for (const priority of [0, 0]) priorities.tried(host(priority));

    expect(priorities.loads([{ healthy: 1, total: 1 }, { healthy: 0, total: 1 }], [100, 0])).toEqual([100, 0]);
  });
});
