import { pathOf, type CallKind } from '../answer.ts';
import type { PolicySet } from '../policies.ts';

/** Looks at what a call gave, before its body is read. */
export type Inspect = (result: unknown) => void;

/** Makes one call; reads status, one header and the whole body, as all contestants do. Resolves with whether they were right. */
export type Call = (inspect?: Inspect) => Promise<boolean>;

/** A contestant, ready to race. */
export interface Racer {
  callOf(kind: CallKind): Call;
  /** What was wrong with the way the calls went, after `calls` of them; empty for direct contestants. */
  check(calls: number): readonly string[];
  /** Throws when a result shows that its call took another way than the one to be measured. */
  readonly inspect?: Inspect;
  /** How many copies of calls were sent so far; resolves when none is under way. None said: it sends none. */
  copies?(): Promise<number>;
}

/** What a contestant is made for. */
export interface Setting {
  /** Of the servers: the endpoints of reviews v1, v2 and v3. */
  readonly ports: readonly number[];
  /** The rules of those that have any. Default `all`. */
  readonly policies?: PolicySet;
  /** Root of the repository whose built package is loaded. Default: this one. */
  readonly packageAt?: string;
}

/** Makes a racer. */
export type Contestant = (setting: Setting) => Promise<Racer>;

/** A racer that goes straight to the first server; whatever libraries it needs are loaded by `make` alone, so that nobody carries another's. */
export function direct(make: () => Promise<(url: string, kind: CallKind) => Call>): Contestant {
  return async ({ ports: [port] }) => {
    const callOf = await make();
    return { check: () => [], callOf: (kind) => callOf(`http://127.0.0.1:${port}${pathOf(kind)}`, kind) };
  };
}
