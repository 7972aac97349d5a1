import type { Location } from '../../common/origin.ts';
import type { Resource } from '../resource.ts';
import { CODES, type FindingCode, type FindingLevel } from './codes.ts';
import type { Finding, RelatedPlace } from './finding.ts';
import { nameOf } from './names.ts';

/** The codes listed in it are not told of the resource; `*`: none is. Source: istio/api `galley.istio.io/analyze-suppress`. */
const SUPPRESSED = 'galley.istio.io/analyze-suppress';

/** What a finding may have besides its message. */
export interface FindingParts {
  /** Where in the resource; default: its start. */
  readonly path?: string;
  /** Where in the file, if that is known better than by `path`. */
  readonly at?: Location;
  readonly hint?: string;
  readonly related?: readonly RelatedPlace[];
  /** Default: that of the code. */
  readonly level?: FindingLevel;
  /**
   * The same message of one resource is told once, and its other places are `related`: as for Istio, which does not know the
   * line there. Otherwise it is told once for each line.
   */
  readonly once?: boolean;
}

/** As many further places of a finding are told at most. */
export const MOST_RELATED = 20;

/** The places of other resources that have a part in a finding. */
export function relatedTo(resources: readonly Resource[], path: string): RelatedPlace[] {
  return resources.slice(0, MOST_RELATED).map((resource) => ({ message: nameOf(resource), ...resource.locate(path) }));
}

/** Collects findings; none is told twice. */
export class FindingLog {
  readonly #findings = new Map<string, Finding>();

  add(code: FindingCode, resource: Resource, message: string, { path = '', at, ...parts }: FindingParts = {}): void {
    if (isSuppressed(code, resource)) return;
    this.addAt(code, at ?? resource.locate(path), nameOf(resource), message, { ...parts, ...(path !== '' && { path }) });
  }

  addAt(code: FindingCode, location: Location, resource: string, message: string, parts: FindingParts = {}): void {
    const { once = false, level = CODES[code].level, at: _, ...rest } = parts;
    const { file, line, column } = location;
    const text = message.replaceAll(/ {2,}/g, ' ');
    const key = JSON.stringify([code, resource, text, file, once ? 0 : line]);
    const before = this.#findings.get(key);
    if (before === undefined) {
      this.#findings.set(key, { code, level, resource, message: text, ...rest, file, line, column });
    } else if (before.line !== line || before.column !== column) {
      const { related = [] } = before;
      if (related.length >= MOST_RELATED) return;
      this.#findings.set(key, { ...before, related: [...related, { message: 'here too', file, line, column }] });
    }
  }

  /** By file and line. */
  get findings(): readonly Finding[] {
    return [...this.#findings.values()].sort(
      (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.code, b.code) || compare(a.message, b.message),
    );
  }
}

function isSuppressed(code: FindingCode, { annotations }: Resource): boolean {
  const listed = annotations[SUPPRESSED]?.split(',') ?? [];
  return listed.includes('*') || listed.includes(code);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
