import { assertNoIssues } from '../common/errors.ts';
import type { Random } from '../common/random.ts';

/** Anything with a share; see `WeightedDestination`. */
export interface Weighted {
  readonly weight: number;
}

/**
 * The split of one route. Shares are relative to the sum of the weights. A lone destination gets everything, whatever its
 * weight; among several, those of weight 0 are left out.
 *
 * Source: Istio `applyHTTPRouteDestination`; Envoy `WeightedClusters`. Draw once per request: retries stay with the choice.
 */
export class WeightedClusters<T extends Weighted> {
  /** Those that can be chosen, in order. */
  readonly choices: readonly T[];
  readonly #ends: readonly number[];
  readonly #total: number;

  /** @throws {MeshError} `ERR_INVALID_CONFIG` when nothing can be chosen: no destination, or several without any weight. */
  constructor(destinations: readonly T[]) {
    this.choices = destinations.length === 1 ? destinations : destinations.filter(({ weight }) => weight > 0);
    const problem = `must add up to more than 0, got ${destinations.length} destinations without weight`;
    assertNoIssues(this.choices.length === 0 ? [{ path: 'route.weight', problem }] : []);
    let total = 0;
    this.#ends = this.choices.map(({ weight }) => (total += weight));
    this.#total = total;
  }

  /** One draw; none when there is no choice. */
  pick(random: Random): T {
    const choices = this.choices;
    const last = choices.length - 1;
    if (last === 0) return choices[0]!;
    const drawn = random() * this.#total;
    let i = 0;
    // The end of a share is no part of it, so that a share's probability is its weight exactly.
    while (i < last && drawn >= this.#ends[i]!) i++;
    return choices[i]!;
  }

  /** The share of `choice` in percent, for explanations. */
  percentage(choice: T): number {
    return this.choices.length === 1 ? 100 : (choice.weight / this.#total) * 100;
  }
}
