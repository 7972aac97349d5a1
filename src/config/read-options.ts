import { MAX_ALIASED_NODES_IN_TEXT, MAX_REGEX_SIZE_IN_TEXT } from './limits.ts';

/** How resources are read. */
export interface ReadOptions {
  /** Unknown fields, and keys that override what `<<` merges in, are errors instead of warnings. Default: by `istioctl`'s rules only. */
  readonly strict?: boolean;
  /**
   * Two older ways of Istio pass with a warning: a rule with `fault` and no `route`, and `consecutiveErrors` with a meaning.
   * Default: by the rules of `apply` only.
   */
  readonly legacySemantics?: boolean;
  /** Default `apply`. */
  readonly rules?: ReadRules;
}

/**
 * By whose rules documents are read. `apply`: what is in the way of applying them, which is also what the API server would
 * refuse, and what this process cannot do. `istioctl`: what `istioctl validate` objects to, and nothing else. `analysis`: as
 * `istioctl analyze` reads files, which passes over unknown fields and keeps what has errors, to look at it beside the rest.
 */
export type ReadRules = 'apply' | 'istioctl' | 'analysis';

/** What one text may still use up while it is read, with the texts within it. */
export interface ReadBudget {
  /** Values that aliases stand for. */
  aliasedNodes: number;
  /** Instructions of compiled regular expressions. */
  regexSize: number;
}

export function fullBudget(): ReadBudget {
  return { aliasedNodes: MAX_ALIASED_NODES_IN_TEXT, regexSize: MAX_REGEX_SIZE_IN_TEXT };
}

/** How one document is read. */
export interface ReadContext extends Required<ReadOptions> {
  readonly budget: ReadBudget;
}
