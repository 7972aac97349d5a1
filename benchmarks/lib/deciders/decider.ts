import type { RuleShape } from '../rules.ts';

/** Rules to decide by; none: Bookinfo. */
export type Table = RuleShape | undefined;

/** A call, as whoever decides about it sees it. */
export interface DecidedCall {
  readonly method: string;
  readonly scheme: string;
  readonly port: number;
  readonly authority: string;
  readonly path: string;
  readonly headers: string[];
}

/** Whoever decides, ready to do so. */
export interface Decider {
  /** Decides about one call, and gives the name of the rule that it meets. */
  decide(call: DecidedCall): string | undefined;
  close(): Promise<void>;
}

/** Makes a decider for a table of rules. @param packageAt - root of the repository whose build it takes, if it takes one */
export type MakeDecider = (table: Table, packageAt: string | undefined) => Promise<Decider>;
