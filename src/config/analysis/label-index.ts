import { selects, type Labels } from './labels.ts';

/** Counts what is gone through: `AnalysisContext.each`. */
type Each = <Item>(list: readonly Item[]) => readonly Item[];

/** Things with labels, to be found by a selector without looking at all of them. */
export class LabelIndex<Item extends { readonly labels: Labels }> {
  readonly #all: readonly Item[];
  readonly #each: Each;
  readonly #byLabel = new Map<string, Item[]>();

  constructor(all: readonly Item[], each: Each) {
    this.#all = all;
    this.#each = each;
    for (const item of all) {
      for (const label of Object.entries(item.labels)) put(this.#byLabel, label, item);
    }
  }

  /** In the order in which they were given. */
  selectedBy(selector: Labels = {}): readonly Item[] {
    const candidates = Object.entries(selector).map((label) => this.#byLabel.get(keyOf(label)) ?? []);
    const fewest = candidates.reduce((best, one) => (one.length < best.length ? one : best), candidates[0] ?? this.#all);
    return candidates.length === 0 ? this.#each(fewest) : this.#each(fewest).filter(({ labels }) => selects(selector, labels));
  }
}

/** Things with selectors, to be found by the labels that they may select. */
export class SelectorIndex<Item> {
  readonly #selectorOf: (item: Item) => Labels;
  readonly #each: Each;
  readonly #forAll: Item[] = [];
  /** By the first label that they ask for. */
  readonly #byLabel = new Map<string, Item[]>();

  constructor(all: readonly Item[], selectorOf: (item: Item) => Labels | undefined, each: Each) {
    this.#selectorOf = (item) => selectorOf(item) ?? {};
    this.#each = each;
    for (const item of all) {
      const [label] = Object.entries(this.#selectorOf(item));
      if (label === undefined) this.#forAll.push(item);
      else put(this.#byLabel, label, item);
    }
  }

  /** Those with an empty selector are among them. */
  selecting(labels: Labels): readonly Item[] {
    const candidates = Object.entries(labels).flatMap((label) => this.#each(this.#byLabel.get(keyOf(label)) ?? []));
    return [...this.#each(this.#forAll), ...candidates.filter((item) => selects(this.#selectorOf(item), labels))];
  }
}

type Label = readonly [string, string];

function put<Item>(index: Map<string, Item[]>, label: Label, item: Item): void {
  const same = index.get(keyOf(label));
  if (same === undefined) index.set(keyOf(label), [item]);
  else same.push(item);
}

function keyOf([key, value]: Label): string {
  return `${key}=${value}`;
}
