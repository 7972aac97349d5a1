/** What the process is started with. */
export interface ApplyTask {
  readonly resources: number;
  /** Changes of each kind that are made. */
  readonly changes: number;
}

/** What one way to bring resources into force takes. */
export type ApplyFigures = { readonly tookMs: number; readonly blockedMs: number };

/** By what was done. */
export type Applied = Readonly<Record<string, ApplyFigures>>;

/** The whole mesh, as a process begins with it. */
export const FIRST = 'all, at start';
/** The whole mesh once more, by code that has been run before: what a change must be compared with. */
export const AGAIN = 'all, again';
