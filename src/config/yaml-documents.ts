import { finish, type Steps } from '../common/steps.ts';
import type { ConfigDocument, ParsedDocuments } from './document.ts';
import { locateInScalar } from './embedded-text.ts';
import { shortened, type ConfigIssue } from './issue.ts';
import { MAX_DOCUMENTS, MAX_SYNTAX_ISSUES, MAX_TEXT_LENGTH } from './limits.ts';
import { LineMap } from './line-map.ts';
import { PositionIndex } from './position-index.ts';
import { fullBudget } from './read-options.ts';
import { YamlComposer } from './yaml-composer.ts';
import { YamlValues, type YamlOptions, type YamlProblem } from './yaml-values.ts';

/** How a text is read as documents. */
export interface TextOptions extends YamlOptions {
  /** Of each document only its first problem is told, as Kubernetes' tools do. */
  readonly oneProblem: boolean;
}

/**
 * The documents of a YAML (or JSON) text. A document with a syntax problem is left out and its problems are listed; the
 * others are kept. Empty documents are skipped.
 */
export function parseDocuments(text: string, file: string, options: Partial<TextOptions> = {}, budget = fullBudget()): ParsedDocuments {
  return finish(parseSteps(text, file, options, budget));
}

/** As {@link parseDocuments}, with a pause after each document. */
export function* parseSteps(
  text: string,
  file: string,
  { strict = false, booleanWords = false, repeatedKeys = false, oneProblem = false }: Partial<TextOptions> = {},
  budget = fullBudget(),
): Steps<ParsedDocuments> {
  const lines = new LineMap(text, file);
  const refused = refuseText(text);
  if (refused !== undefined) return { documents: [], issues: [toIssue(refused, lines)] };

  const index = new PositionIndex();
  const composer = new YamlComposer(text);
  const documents: ConfigDocument[] = [];
  const issues: ConfigIssue[] = [];
  let count = 0;
  for (const document of composer.documents()) {
    if (++count > MAX_DOCUMENTS) {
      issues.push(toIssue(tooLarge(document.range[0], `a text must not hold more than ${MAX_DOCUMENTS} documents`), lines));
      break;
    }
    const problems = document.errors.slice(0, MAX_SYNTAX_ISSUES).map(syntaxProblem);
    if (problems.length === 0 && document.contents !== null) {
      const values = new YamlValues(index, { strict, booleanWords, repeatedKeys }, budget);
      const root = index.size;
      const value = values.read(document.contents, '', document.contents.range[0]);
      problems.push(...values.problems);
      if (problems.length === 0 && value !== null) documents.push(yamlDocument(value, index, root, lines, text));
    }
    for (const problem of oneProblem ? problems.slice(0, 1) : problems) issues.push(toIssue(problem, lines));
    yield;
  }
  const { givenUp } = composer;
  if (givenUp !== undefined) issues.push(toIssue(tooLarge(givenUp.offset, `what follows was not read: ${givenUp.because}`), lines));
  return { documents, issues };
}

function tooLarge(offset: number, message: string): YamlProblem {
  return { offset, code: 'ERR_TOO_LARGE', message, hint: 'split it' };
}

function refuseText(text: string): YamlProblem | undefined {
  if (text.length > MAX_TEXT_LENGTH) {
    return tooLarge(0, `a configuration text must not be longer than ${MAX_TEXT_LENGTH} characters, got ${text.length}`);
  }
  const nul = text.indexOf('\0');
  const bad = nul === -1 ? text.indexOf('\uFFFD') : nul;
  if (bad === -1) return undefined;
  return {
    offset: bad,
    code: 'ERR_BINARY',
    message: 'this is not a text in UTF-8 but binary data; YAML or JSON was expected',
    hint: 'check which file is read, and its encoding',
  };
}

function syntaxProblem(error: { code: string; message: string; pos: [number, number] }): YamlProblem {
  const offset = error.pos[0];
  if (error.code === 'RESOURCE_EXHAUSTION') return { offset, code: 'ERR_TOO_DEEP', message: 'nesting is too deep' };
  const hint = error.code === 'TAB_AS_INDENT' ? 'indent with spaces' : undefined;
  return { offset, code: 'ERR_YAML', message: `not valid YAML: ${error.message}`, hint };
}

function toIssue(problem: YamlProblem, lines: LineMap): ConfigIssue {
  const { offset, code, message, hint } = problem;
  return shortened({ severity: 'error', code, resource: '', path: '', value: '', message, hint, ...lines.locate(offset) });
}

// Two scopes on purpose: a resource keeps its `locate`, which must not keep the whole text alive.
function yamlDocument(
  value: unknown,
  index: PositionIndex,
  root: number,
  lines: LineMap,
  text: string,
): ConfigDocument {
  return {
    value,
    ...locators(index, root, lines),
    locateInText: (path, line, column) => locateInScalar(text, index.find(root, path).value, lines, line, column),
  };
}

function locators(index: PositionIndex, root: number, lines: LineMap): Pick<ConfigDocument, 'locate' | 'locateKey'> {
  return {
    locate: (path) => lines.locate(index.find(root, path).value),
    locateKey: (path) => {
      const place = index.find(root, path);
      return lines.locate(place.found ? place.key : place.value);
    },
  };
}
