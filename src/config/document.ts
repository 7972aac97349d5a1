import type { Location } from '../common/origin.ts';
import { shortened, type ConfigIssue } from './issue.ts';

/** One document of a source: plain values, and where each of its fields stands. */
export interface ConfigDocument {
  readonly value: unknown;
  /** The place of a field's value; of its nearest parent when the field is absent. */
  readonly locate: (path: string) => Location;
  /** The place of a field's key; else as {@link ConfigDocument.locate}. */
  readonly locateKey: (path: string) => Location;
  /** The place of a line and column (from 1) within the text that a field holds; the field's own when that can't be told. */
  readonly locateInText: (path: string, line: number, column: number) => Location;
}

/** What a source holds, and what is wrong with it as a text. */
export interface ParsedDocuments {
  readonly documents: readonly ConfigDocument[];
  readonly issues: readonly ConfigIssue[];
}

/** An issue without its place. */
export interface Told extends Pick<ConfigIssue, 'severity' | 'code' | 'message' | 'hint'> {
  readonly path?: string;
}

/** An issue of a document that could not be read as far as a resource. */
export function issueAt(document: ConfigDocument, { path = '', ...told }: Told): ConfigIssue {
  return shortened({ ...told, resource: '', path, value: '', ...document.locate(path) });
}

/** The part of `document` at `path`, as a document of its own. */
export function partOf(document: ConfigDocument, path: string, value: unknown): ConfigDocument {
  const full = (inner: string): string => (inner === '' ? path : `${path}.${inner}`);
  return {
    value,
    locate: (inner) => document.locate(full(inner)),
    locateKey: (inner) => document.locateKey(full(inner)),
    locateInText: (inner, line, column) => document.locateInText(full(inner), line, column),
  };
}
