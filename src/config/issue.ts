import type { Location } from '../common/origin.ts';

/** Something wrong in a configuration document, with the place and the way to mend it. */
export interface ConfigIssue extends Location {
  /**
   * `error` keeps the whole change from coming into force; `warning` does not. `info` comes with `rules: 'istioctl'` alone: worth
   * knowing, but istioctl does not say it.
   */
  readonly severity: 'error' | 'warning' | 'info';
  /** Stable, such as `ERR_UNKNOWN_FIELD`, `ERR_INVALID_VALUE`, `ERR_YAML`. */
  readonly code: string;
  /** `VirtualService default/reviews`; empty when the document could not be read that far. */
  readonly resource: string;
  /** Field path, such as `spec.http[0].route[0].weight`; empty for the whole document. */
  readonly path: string;
  /** The offending value as JSON, shortened; empty when there is none. */
  readonly value: string;
  /** What is wrong and what was expected, in one sentence. */
  readonly message: string;
  /** How to mend it, when that is known. */
  readonly hint?: string;
}

const LONGEST_TEXT = 500;

/** The texts of an issue, for people to read, however large what they tell of: a key or a value may be a whole file. */
export function shortened(issue: ConfigIssue): ConfigIssue {
  const { resource, path, message, hint } = issue;
  return { ...issue, resource: short(resource), path: short(path), message: short(message), ...(hint !== undefined && { hint: short(hint) }) };
}

function short(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}

/** `mesh/reviews.yaml:7:9: error: VirtualService default/reviews spec.http[0].timeout: must be …, got "abc". Hint` */
export function formatIssue(issue: ConfigIssue): string {
  const where = `${issue.file}:${issue.line}:${issue.column}`;
  const what = [issue.resource, issue.path].filter((part) => part !== '').join(' ');
  const hint = issue.hint === undefined ? '' : ` (${issue.hint})`;
  return `${where}: ${issue.severity}: ${what === '' ? '' : `${what}: `}${issue.message}${hint}`;
}
