import { moduloHash64, type Hash64 } from '../common/hash64.ts';
import { randomInt, type Random } from '../common/random.ts';

/** How many hosts of one priority there are, and how many of them are healthy. */
export interface PriorityHealth {
  readonly healthy: number;
  readonly total: number;
}

/** How the requests of a cluster are shared out over its priorities. */
export interface PriorityLoad {
  /** Percent of the requests for each priority, whole numbers that make 100 together. Empty without priorities. */
  readonly loads: readonly number[];
  /** Where so few hosts are healthy that health is ignored. */
  readonly panic: readonly boolean[];
}

/** A priority keeps all of its load until fewer than 1 / 1.4 of its hosts are healthy. Envoy's overprovisioning factor. */
const OVERPROVISIONING_PERCENT = 140;

/**
 * Shares of the priorities by health, spilling over from 0 to 1, 2, …
 *
 * @param panicThreshold percent of healthy hosts below which a priority panics, unless all together could still take the
 * whole load; 0: never.
 *
 * Source: Envoy load balancer base, `recalculatePerPriorityState` and `…Panic`, whole-number arithmetic included.
 */
export function priorityLoad(priorities: readonly PriorityHealth[], panicThreshold: number): PriorityLoad {
  const availability = availabilityOf(priorities);
  const available = Math.min(100, availability.reduce((sum, each) => sum + each, 0));
  const panic = priorities.map(
    ({ healthy, total }) => available < 100 && (total === 0 ? 0 : (100 * healthy) / total) < panicThreshold,
  );
  if (panic.length > 0 && panic.every(Boolean)) return { loads: shares(priorities.map(({ total }) => total)), panic };
  return { loads: spill(availability, available), panic };
}

/** How much of the whole load each priority could take, in percent. */
export function availabilityOf(priorities: readonly PriorityHealth[]): number[] {
  return priorities.map(({ healthy, total }) => (total === 0 ? 0 : Math.min(100, Math.floor((OVERPROVISIONING_PERCENT * healthy) / total))));
}

/** Draws the priority of one request, or takes that of its hash. With a single one nothing is drawn. */
export function pickPriority(loads: readonly number[], random: Random, hash?: Hash64): number {
  if (loads.length < 2) return 0;
  const point = (hash === undefined ? randomInt(random, 100) : moduloHash64(hash, 100)) + 1;
  let reached = 0;
  for (let priority = 0; priority < loads.length; priority++) {
    reached += loads[priority]!;
    if (point <= reached) return priority;
  }
  return 0;
}

/** Each priority takes what it can of what is left; what rounding leaves over goes to the first that can take any. */
export function spill(availability: readonly number[], available: number): readonly number[] {
  if (available === 0) return availability.map((_, priority) => (priority === 0 ? 100 : 0));
  let left = 100;
  const loads = availability.map((each) => {
    const load = Math.min(left, Math.floor((each * 100) / available));
    left -= load;
    return load;
  });
  return withRest(loads, availability, left);
}

/** In total panic the numbers of hosts decide. */
function shares(totals: readonly number[]): readonly number[] {
  const sum = totals.reduce((a, b) => a + b, 0);
  if (sum === 0) return totals.map((_, priority) => (priority === 0 ? 100 : 0));
  const loads = totals.map((total) => Math.floor((100 * total) / sum));
  return withRest(loads, totals, 100 - loads.reduce((a, b) => a + b, 0));
}

function withRest(loads: number[], capacity: readonly number[], rest: number): readonly number[] {
  const first = capacity.findIndex((each) => each > 0);
  if (first >= 0) loads[first]! += rest;
  return loads;
}
