/** How resources are read. */
export interface ReadOptions {
  /** Unknown fields, and keys that override what `<<` merges in, are errors instead of warnings. Default false. */
  readonly strict?: boolean;
  /** Two older ways of Istio pass with a warning: a rule with `fault` and no `route`, and `consecutiveErrors` with a meaning. Default true. */
  readonly legacySemantics?: boolean;
  /**
   * `apply` (the default) also refuses what the API server would, and what this process cannot do; `istioctl` objects to
   * nothing but what `istioctl validate` objects to.
   */
  readonly rules?: 'apply' | 'istioctl';
}

/** What one text may still use up while it is read. */
export interface ReadBudget {
  /** Instructions of compiled regular expressions. */
  regexSize: number;
}

/** How one document is read. */
export interface ReadContext extends Required<ReadOptions> {
  readonly budget: ReadBudget;
}
