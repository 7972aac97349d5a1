import type { ParsedDocuments } from './document.ts';
import type { ConfigIssue } from './issue.ts';
import { unwrapList } from './lists.ts';
import { objectDocuments } from './objects.ts';
import { readDocument } from './read-document.ts';
import type { ReadOptions } from './read-options.ts';
import { resourceName, type Resource } from './resource.ts';
import { parseDocuments } from './yaml-documents.ts';

export type { ReadOptions } from './read-options.ts';

/** Something to read resources from. */
export type ConfigInput =
  { readonly text: string; readonly file: string } | { readonly object: unknown; readonly name?: string };

/** The resources without an error, in order, and every issue of all inputs. */
export interface ReadResult {
  readonly resources: Resource[];
  readonly issues: ConfigIssue[];
}

/** Reads every document of `inputs` as resources. Never throws: what is wrong is in `issues`, all of it. */
export function readResources(inputs: readonly ConfigInput[], options: ReadOptions = {}): ReadResult {
  const { strict = false, legacySemantics = true, rules = 'apply' } = options;
  const resources: Resource[] = [];
  const issues: ConfigIssue[] = [];
  const firsts = new Map<string, Resource>();
  for (const input of inputs) {
    const { documents, issues: found } = parseInput(input, { strict, legacySemantics, rules });
    const told: (readonly ConfigIssue[])[] = [found];
    for (const document of documents.flatMap(unwrapList)) {
      const read = readDocument(document, { strict, legacySemantics, rules });
      told.push(read.issues);
      if (read.resource === undefined) continue;
      const resource = { ...read.resource, order: resources.length };
      const name = resourceName(resource);
      const before = firsts.get(name);
      if (before !== undefined) told.push([replacement(resource, before)]);
      firsts.set(name, resource);
      resources.push(resource);
    }
    // In the order of the file, whatever order the checks ran in.
    for (const issue of told.flat().sort(byPlace)) issues.push(issue);
  }
  return { resources, issues };
}

function parseInput(input: ConfigInput, { strict, rules }: Required<ReadOptions>): ParsedDocuments {
  const parsed =
    'text' in input
      ? parseDocuments(input.text, input.file, { strict, booleanWords: rules === 'istioctl' })
      : objectDocuments(input.object, input.name);
  const isEmpty = parsed.documents.length === 0 && parsed.issues.length === 0;
  return isEmpty ? { ...parsed, issues: [emptiness(input)] } : parsed;
}

function emptiness(input: ConfigInput): ConfigIssue {
  const [file, what] = 'text' in input ? [input.file, 'text'] : [input.name ?? '<inline>', 'object'];
  const message = `this ${what} holds no document, so nothing is configured by it`;
  const hint = 'write resources such as a VirtualService';
  const place = { file, line: 1, column: 1 };
  return { severity: 'warning', code: 'WARN_EMPTY', resource: '', path: '', value: '', message, hint, ...place };
}

function replacement(resource: Resource, before: Resource): ConfigIssue {
  const name = resourceName(resource);
  const { file, line } = before.locate('');
  const message = `replaces the ${name} of ${file}:${line}`;
  const where = { resource: name, path: '', value: '', ...resource.locate('') };
  return { severity: 'warning', code: 'WARN_DUPLICATE', message, hint: 'remove one of them', ...where };
}

function byPlace(a: ConfigIssue, b: ConfigIssue): number {
  return a.line - b.line || a.column - b.column;
}
