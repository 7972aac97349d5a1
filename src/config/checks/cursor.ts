import { childPath, type PathStep } from '../field-path.ts';
import type { ReadBudget, ReadRules } from '../read-options.ts';
import { suggest } from '../schema/suggestion.ts';
import type { IssueLog } from './issue-log.ts';

/** As many of the known fields are named where there is an unknown one. */
const MOST_NAMES = 20;

/** What checks may want to know besides the value. */
export interface CheckContext {
  readonly log: IssueLog;
  /** Of the resource. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly strict: boolean;
  readonly legacySemantics: boolean;
  readonly rules: ReadRules;
  /** Of the text that is read. */
  readonly budget: ReadBudget;
}

/** A place in the resource being read, and the means to say what is wrong there. */
export class Cursor {
  readonly context: CheckContext;
  readonly #parent: Cursor | undefined;
  readonly #step: PathStep | undefined;

  /** Without a step: the whole document. */
  constructor(context: CheckContext, step?: PathStep, parent?: Cursor) {
    this.context = context;
    this.#step = step;
    this.#parent = parent;
  }

  /** A field or entry below this place. */
  to(...steps: PathStep[]): Cursor {
    return steps.reduce<Cursor>((cursor, step) => new Cursor(this.context, step, cursor), this);
  }

  get path(): string {
    return this.#step === undefined ? '' : childPath(this.#parent?.path ?? '', this.#step);
  }

  /**
   * This cursor, unless only the objections of `istioctl validate` are wanted: for what the API server refuses besides
   * (Istio's CRD schemas), and for what this process cannot do.
   */
  get onApply(): this | undefined {
    return this.context.rules === 'apply' ? this : undefined;
  }

  /** `must be …`: the value is told after it. */
  invalid(message: string, hint?: string): void {
    this.context.log.add('error', 'ERR_INVALID_VALUE', this.path, message, hint, true);
  }

  /** Something has to be here. */
  required(message: string, hint?: string): void {
    this.error('ERR_REQUIRED', message, hint);
  }

  /** Fields that exclude each other. */
  conflict(message: string, hint?: string): void {
    this.error('ERR_CONFLICT', message, hint);
  }

  /** Twice the same. */
  duplicate(message: string, hint?: string): void {
    this.error('ERR_DUPLICATE', message, hint);
  }

  error(code: string, message: string, hint?: string): void {
    this.context.log.add('error', code, this.path, message, hint);
  }

  warn(code: string, message: string, hint?: string): void {
    this.context.log.add('warning', code, this.path, message, hint);
  }

  /** A key that is there twice, in two spellings. */
  twoSpellings(written: string, name: string): void {
    this.context.log.addAtKey(
      'error',
      'ERR_DUPLICATE_KEY',
      this.path,
      `is given twice, as ${written} and as ${name}`,
      'remove one of them',
    );
  }

  /** A key that `owner` does not have: ignored, or refused when reading strictly. */
  unknownField(owner: string, known: readonly string[]): void {
    if (this.context.rules === 'analysis') return;
    if (!this.context.log.wants(this.context.strict ? 'error' : 'warning')) return;
    const meant = suggest(String(this.#step), known);
    const hint = meant === undefined ? undefined : `did you mean ${meant}?`;
    const has = `${owner} has ${known.slice(0, MOST_NAMES).join(', ')}${known.length > MOST_NAMES ? ' …' : ''}`;
    if (this.context.strict) {
      this.context.log.addAtKey('error', 'ERR_UNKNOWN_FIELD', this.path, `is not a known field; ${has}`, hint);
    } else {
      this.context.log.addAtKey(
        'warning',
        'WARN_UNKNOWN_FIELD',
        this.path,
        `is not a known field and is ignored; ${has}`,
        hint,
      );
    }
  }
}
