import type { Endpoint } from './model.ts';

/** A named group of a service's endpoints. Source: Istio `DestinationRule.subsets[]`. */
export interface SubsetSpec {
  readonly name: string;
  /** All of them must be on the endpoint; none: every endpoint belongs. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Answers which endpoints of a service belong to a subset. */
export class SubsetResolver {
  readonly #endpoints: readonly Endpoint[];
  readonly #subsets = new Map<string, SubsetSpec>();
  readonly #resolved = new Map<string, readonly Endpoint[]>();

  /** @param subsets of two with the same name the first counts, as when Istio merges rules. */
  constructor(endpoints: readonly Endpoint[], subsets: readonly SubsetSpec[]) {
    this.#endpoints = endpoints;
    for (const subset of subsets) {
      if (!this.#subsets.has(subset.name)) this.#subsets.set(subset.name, subset);
    }
  }

  /**
   * The endpoints of `subset`, in their order; the empty name is the whole service. `undefined` when no such subset is
   * declared, which is another failure (`NC`) than a subset without endpoints (`UH`).
   */
  resolve(subset: string): readonly Endpoint[] | undefined {
    if (subset === '') return this.#endpoints;
    const spec = this.#subsets.get(subset);
    if (spec === undefined) return undefined;
    let endpoints = this.#resolved.get(subset);
    if (endpoints === undefined) {
      const labels = Object.entries(spec.labels);
      endpoints = this.#endpoints.filter((endpoint) => labels.every(([name, value]) => endpoint.labels[name] === value));
      this.#resolved.set(subset, endpoints);
    }
    return endpoints;
  }
}
