import type { ConfigDocument } from './document.ts';
import type { ConfigIssue } from './issue.ts';
import { kindInfo } from './kinds.ts';
import { objectDocuments } from './objects.ts';
import type { Resource } from './resource.ts';
import { parseDocuments } from './yaml-documents.ts';

/** Something to read resources from. */
export type ConfigInput =
  | { readonly text: string; readonly file: string }
  | { readonly object: unknown; readonly name?: string };

export interface ReadOptions {
  /** Unknown fields are errors instead of warnings. Default false. */
  readonly strict?: boolean;
  /** A rule with `fault` and no `route`, and `consecutiveErrors`, are accepted with a warning. Default true. */
  readonly legacySemantics?: boolean;
}

/** The resources without an error, in order, and every issue of all inputs. */
export interface ReadResult {
  readonly resources: Resource[];
  readonly issues: ConfigIssue[];
}

/** Reads every document of `inputs` as resources. Never throws: what is wrong is in `issues`. */
export function readResources(inputs: readonly ConfigInput[], options: ReadOptions = {}): ReadResult {
  const resources: Resource[] = [];
  const issues: ConfigIssue[] = [];
  for (const input of inputs) {
    const parsed = 'text' in input ? parseDocuments(input.text, input.file, options) : objectDocuments(input.object, input.name);
    issues.push(...parsed.issues);
    for (const document of parsed.documents) {
      const resource = readResource(document, resources.length);
      if (resource !== undefined) resources.push(resource);
    }
  }
  return { resources, issues };
}

function readResource(document: ConfigDocument, order: number): Resource | undefined {
  const body = document.value as Record<string, unknown>;
  const kind = String(body.kind);
  const info = kindInfo(kind);
  if (info === undefined) return undefined;
  const metadata = (body.metadata ?? {}) as Record<string, unknown>;
  return {
    kind,
    apiVersion: String(body.apiVersion),
    name: String(metadata.name ?? ''),
    namespace: String(metadata.namespace ?? 'default'),
    labels: (metadata.labels ?? {}) as Record<string, string>,
    annotations: (metadata.annotations ?? {}) as Record<string, string>,
    createdAtMs: 0,
    order,
    spec: info.body === 'spec' ? (body.spec ?? {}) : body,
    locate: document.locate,
  };
}
