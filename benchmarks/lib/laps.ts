import { ratioOf, spreadOf, type Spread } from './statistics.ts';

/** What was measured once. */
export type Measures = Readonly<Record<string, number>>;

/** The figures of everyone by name, one per round. */
export type Laps<F extends Measures> = ReadonlyMap<string, readonly F[]>;

/** Every figure with its spread over the rounds. */
export type Summary<F extends Measures> = { readonly [Figure in keyof F]: Spread };

/** One figure of `name`, round by round. */
export function valuesOf<F extends Measures>(laps: Laps<F>, name: string, figure: keyof F): number[] {
  return laps.get(name)!.map((lap) => lap[figure]!);
}

/** How a figure of `name` compares with that of `rival`, within each round. */
export function ratioIn<F extends Measures>(laps: Laps<F>, name: string, rival: string, figure: keyof F): Spread {
  return ratioOf(valuesOf(laps, name, figure), valuesOf(laps, rival, figure));
}

/** Everyone's figures over the rounds. */
export function summariesOf<F extends Measures>(laps: Laps<F>): Record<string, Summary<F>> {
  return Object.fromEntries([...laps].map(([name, rounds]) => [name, summaryOf(rounds)]));
}

/** @param rounds - at least one */
export function summaryOf<F extends Measures>(rounds: readonly F[]): Summary<F> {
  const figures = Object.keys(rounds[0]!) as (keyof F)[];
  return Object.fromEntries(figures.map((figure) => [figure, spreadOf(rounds.map((round) => round[figure]!))])) as Summary<F>;
}
