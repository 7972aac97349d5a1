import type { ConfigIssue } from '../config/issue.ts';

/** One thing to tell about a file, as `--json` prints it. */
export interface Finding {
  /** `ERR_UNKNOWN_FIELD`, `IST0101`, `TSM0001`, … */
  readonly code: string;
  readonly level: 'error' | 'warning' | 'info';
  /** `VirtualService default/reviews`; empty when the document could not be read that far. */
  readonly resource: string;
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Field path, such as `spec.http[0].route[0].weight`. */
  readonly path?: string;
  /** What was found there, as JSON. */
  readonly value?: string;
  /** How to mend it. */
  readonly hint?: string;
}

/** An issue of the reader as a finding. */
export function findingOf({ code, severity, resource, message, file, line, column, path, value, hint }: ConfigIssue): Finding {
  return {
    code,
    level: severity,
    resource,
    message,
    file,
    line,
    column,
    ...(path !== '' && { path }),
    ...(value !== '' && { value }),
    ...(hint !== undefined && { hint }),
  };
}

const RANK = { error: 0, warning: 1, info: 2 } as const;

/** By file and line; of one place the worst first. For `Array.prototype.sort`. */
export function byPlace(a: Finding, b: Finding): number {
  return compare(a.file, b.file) || a.line - b.line || a.column - b.column || RANK[a.level] - RANK[b.level];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
