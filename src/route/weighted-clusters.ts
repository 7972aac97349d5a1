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

  constructor(destinations: readonly T[]) {
    this.choices = destinations.length === 1 ? destinations : destinations.filter(({ weight }) => weight > 0);
    let total = 0;
    this.#ends = this.choices.map(({ weight }) => (total += weight));
    this.#total = total;
  }

  /** Draws nothing when there is no choice. `undefined` only when every weight of several is 0. */
  pick(random: Random): T | undefined {
    const choices = this.choices;
    if (choices.length <= 1) return choices[0];
    // Envoy's draw is a whole number modulo the total.
    const drawn = Math.floor(random() * this.#total);
    const ends = this.#ends;
    for (let i = 0; i < ends.length; i++) {
      if (drawn < ends[i]!) return choices[i];
    }
    return choices.at(-1);
  }

  /** The share of `choice` in percent, for explanations. */
  percentage(choice: T): number {
    return this.choices.length === 1 ? 100 : (choice.weight / this.#total) * 100;
  }
}
