import type { ConfigDocument } from '../document.ts';
import { parsePath } from '../field-path.ts';
import { shortened, type ConfigIssue } from '../issue.ts';
import { sameField } from '../spelling.ts';

const LONGEST_VALUE = 80;
/** Of one severity, of one document. */
const MOST_ISSUES = 100;

type Severity = ConfigIssue['severity'];

/** Collects the issues of one document, with their places and the offending values. */
export class IssueLog {
  readonly #issues: ConfigIssue[] = [];
  readonly #counts: Record<Severity, number> = { error: 0, warning: 0, info: 0 };
  readonly #document: ConfigDocument;
  readonly #resource: string;
  readonly #prefix: string;
  /** Values that are maps or lists, as shown: one of thousands of entries may be told of a hundred times. */
  readonly #shown = new WeakMap<object, string>();

  /** `prefix`: where the document stands in another one, such as `data.mesh`. */
  constructor(document: ConfigDocument, resource: string, prefix = '') {
    this.#document = document;
    this.#resource = resource;
    this.#prefix = prefix;
  }

  /** What was found, without echoes: a field of the wrong type looks absent to the checks, which then miss it. */
  get issues(): readonly ConfigIssue[] {
    const misread = this.#issues.filter(isMisread).map(({ path }) => path);
    if (misread.length === 0) return this.#issues;
    return this.#issues.filter((issue) => isMisread(issue) || !misread.some((path) => isEcho(issue, path)));
  }

  /** Whether a further issue would still be listed; if not, there is no need to word it. */
  wants(severity: Severity): boolean {
    return this.#counts[severity] <= MOST_ISSUES;
  }

  /** Whether there was an error. */
  get failed(): boolean {
    return this.#counts.error > 0;
  }

  add(severity: Severity, code: string, path: string, message: string, hint?: string, tellValue = false): void {
    if (!this.wants(severity)) return;
    const value = this.#shownAt(path);
    const told = tellValue && value !== '' ? `${message}, got ${value}` : message;
    this.#push({
      severity,
      code,
      resource: this.#resource,
      path,
      value,
      message: told,
      hint,
      ...this.#document.locate(path),
    });
  }

  addAtKey(severity: Severity, code: string, path: string, message: string, hint?: string): void {
    if (!this.wants(severity)) return;
    const value = this.#shownAt(path);
    this.#push({
      severity,
      code,
      resource: this.#resource,
      path,
      value,
      message,
      hint,
      ...this.#document.locateKey(path),
    });
  }

  #shownAt(path: string): string {
    const value = valueAt(this.#document.value, path);
    if (typeof value !== 'object' || value === null) return shownValue(value);
    let shown = this.#shown.get(value);
    if (shown === undefined) this.#shown.set(value, (shown = shownValue(value)));
    return shown;
  }

  #push(issue: ConfigIssue): void {
    const count = ++this.#counts[issue.severity];
    const path = [this.#prefix, issue.path].filter((part) => part !== '').join('.');
    if (count <= MOST_ISSUES) {
      this.#issues.push(shortened({ ...issue, path }));
    } else if (count === MOST_ISSUES + 1) {
      const message = `has more than ${MOST_ISSUES} issues; the others are not listed`;
      this.#issues.push(shortened({ ...issue, path: '', value: '', hint: undefined, message }));
    }
  }
}

function isMisread({ code }: ConfigIssue): boolean {
  return code === 'ERR_WRONG_TYPE' || code === 'ERR_UNKNOWN_FIELD';
}

function isEcho(issue: ConfigIssue, misread: string): boolean {
  return isWithin(issue.path, misread) || (issue.code === 'ERR_REQUIRED' && isWithin(misread, issue.path));
}

function isWithin(path: string, parent: string): boolean {
  return (
    path.startsWith(parent) &&
    (parent === '' || path.length === parent.length || /[.[]/.test(path[parent.length] ?? ''))
  );
}

/** `value` as JSON, shortened. Stops early: a value may be a whole file. */
export function shownValue(value: unknown): string {
  const json = value === undefined ? '' : jsonUpTo(value, LONGEST_VALUE + 1);
  return json.length <= LONGEST_VALUE ? json : `${json.slice(0, LONGEST_VALUE - 1)}…`;
}

function jsonUpTo(value: unknown, length: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, length));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const isList = Array.isArray(value);
  let json = isList ? '[' : '{';
  for (const key in value) {
    if (json.length > length) return json;
    const entry = jsonUpTo((value as Record<string, unknown>)[key], length - json.length);
    json += `${json.length > 1 ? ',' : ''}${isList ? '' : `${JSON.stringify(key)}:`}${entry}`;
  }
  return json + (isList ? ']' : '}');
}

function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const step of parsePath(path)) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (typeof step === 'number') value = Array.isArray(value) ? (value[step] as unknown) : undefined;
    else value = ownField(value as Record<string, unknown>, step);
  }
  return value;
}

function ownField(map: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(map, name)) return map[name];
  const written = Object.keys(map).find((key) => sameField(key, name));
  return written === undefined ? undefined : map[written];
}
