import { finish, type Steps } from '../common/steps.ts';
import type { ParsedDocuments } from './document.ts';
import type { ConfigIssue } from './issue.ts';
import { unwrapList } from './lists.ts';
import { INLINE, objectDocuments } from './objects.ts';
import { readDocument } from './read-document.ts';
import { fullBudget, type ReadContext, type ReadOptions, type ReadRules } from './read-options.ts';
import { resourceName, type Resource } from './resource.ts';
import { parseSteps } from './yaml-documents.ts';

export type { ReadOptions, ReadRules } from './read-options.ts';

/** Something to read resources from. */
export type ConfigInput =
  { readonly text: string; readonly file: string } | { readonly object: unknown; readonly name?: string };

/** The resources without an error, in order, and every issue of all inputs. */
export interface ReadResult {
  readonly resources: Resource[];
  readonly issues: ConfigIssue[];
}

/** What one input holds, whatever the others do; so it can be kept until the input changes. */
export interface InputRead {
  /** In order, one for each document without an error. */
  readonly resources: readonly Omit<Resource, 'order'>[];
  /** Of each of them, its `resourceName`. */
  readonly names: readonly string[];
  /** In the order of the text. */
  readonly issues: readonly ConfigIssue[];
}

/** Reads every document of `inputs` as resources. Never throws: what is wrong is in `issues`, all of it. */
export function readResources(inputs: readonly ConfigInput[], options: ReadOptions = {}): ReadResult {
  return combineReads(inputs.map((input) => finish(readInput(input, options))), options.rules);
}

/** Reads one input, with a pause after each document. */
export function* readInput(input: ConfigInput, options: ReadOptions = {}): Steps<InputRead> {
  const { rules = 'apply' } = options;
  const { strict = rules === 'istioctl', legacySemantics = rules === 'apply' } = options;
  const context: ReadContext = { strict, legacySemantics, rules, budget: fullBudget() };
  const { documents, issues: found } = yield* parseInput(input, context);
  const resources: Omit<Resource, 'order'>[] = [];
  const issues = [...found];
  for (const document of documents.flatMap(unwrapList)) {
    const read = readDocument(document, context);
    if (read.resource !== undefined) resources.push(read.resource);
    // No spread into push(): a document may have more issues than a call may have arguments.
    for (const issue of read.issues) issues.push(issue);
    yield;
  }
  return { resources, names: resources.map(resourceName), issues: issues.sort(byPlace) };
}

/** Puts together what was read of several inputs. Of resources with the same kind, namespace and name, the later ones are told. */
export function combineReads(reads: readonly InputRead[], rules: ReadRules = 'apply'): ReadResult {
  const resources: Resource[] = [];
  const issues: ConfigIssue[] = [];
  const firsts = new Map<string, Resource>();
  for (const read of reads) {
    const replacements: ConfigIssue[] = [];
    for (const [at, one] of read.resources.entries()) {
      const resource = { ...one, order: resources.length };
      const name = read.names[at]!;
      const before = firsts.get(name);
      if (before !== undefined && rules !== 'analysis') replacements.push(replacement(resource, before, rules));
      firsts.set(name, resource);
      resources.push(resource);
    }
    // In the order of the file, whatever order the checks ran in.
    const told = replacements.length === 0 ? read.issues : [...read.issues, ...replacements].sort(byPlace);
    for (const issue of told) issues.push(issue);
  }
  return { resources, issues };
}

function* parseInput(input: ConfigInput, { strict, rules, budget }: ReadContext): Steps<ParsedDocuments> {
  const asKubernetes = rules !== 'apply';
  const style = { strict, booleanWords: asKubernetes, oneProblem: asKubernetes, repeatedKeys: rules === 'analysis' };
  const parsed = 'text' in input ? yield* parseSteps(input.text, input.file, style, budget) : objectDocuments(input.object, input.name);
  const isEmpty = parsed.documents.length === 0 && parsed.issues.length === 0;
  return isEmpty && rules !== 'analysis' ? { ...parsed, issues: [emptiness(input, rules)] } : parsed;
}

/** The file that the issues of `input` name. */
export function nameOf(input: ConfigInput): string {
  return 'text' in input ? input.file : (input.name ?? INLINE);
}

function emptiness(input: ConfigInput, rules: ReadRules): ConfigIssue {
  const message = `this ${'text' in input ? 'text' : 'object'} holds no document, so nothing is configured by it`;
  const hint = 'write resources such as a VirtualService';
  const place = { file: nameOf(input), line: 1, column: 1 };
  return { severity: ownWarning(rules), code: 'WARN_EMPTY', resource: '', path: '', value: '', message, hint, ...place };
}

function replacement(resource: Resource, before: Resource, rules: ReadRules): ConfigIssue {
  const name = resourceName(resource);
  const { file, line } = before.locate('');
  const message = `replaces the ${name} of ${file}:${line}`;
  const where = { resource: name, path: '', value: '', ...resource.locate('') };
  return { severity: ownWarning(rules), code: 'WARN_DUPLICATE', message, hint: 'remove one of them', ...where };
}

/** How warnings count that istioctl does not have. */
function ownWarning(rules: ReadRules): 'warning' | 'info' {
  return rules === 'apply' ? 'warning' : 'info';
}

function byPlace(a: ConfigIssue, b: ConfigIssue): number {
  return a.line - b.line || a.column - b.column;
}
