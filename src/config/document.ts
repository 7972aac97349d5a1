import type { Location } from '../common/origin.ts';
import type { ConfigIssue } from './issue.ts';

/** One document of a source: plain values, and where each of its fields stands. */
export interface ConfigDocument {
  readonly value: unknown;
  /** The place of a field's value; of its nearest parent when the field is absent. */
  readonly locate: (path: string) => Location;
  /** The place of a field's key; else as {@link locate}. */
  readonly locateKey: (path: string) => Location;
}

/** What a source holds, and what is wrong with it as a text. */
export interface ParsedDocuments {
  readonly documents: readonly ConfigDocument[];
  readonly issues: readonly ConfigIssue[];
}
