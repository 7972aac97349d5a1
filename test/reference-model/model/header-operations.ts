import { linesOf } from './requests.ts';
import type { HeaderLine } from './requests.ts';
import type { HeaderOperations } from './resources.ts';

// §4 Header operations.

/** What `%…%` in a value may ask. */
export interface Variables {
  readonly request: { readonly method: string; readonly authority: string; readonly scheme: string; readonly path: string; readonly headers: readonly HeaderLine[] };
  /** Absent while the request is worked on. */
  readonly response?: { readonly code: number; readonly headers: readonly HeaderLine[] };
}

/** One evaluator: all removes, then the values are made out, then all sets, then all adds. */
export function apply(levels: readonly (HeaderOperations | undefined)[], headers: readonly HeaderLine[], variables: (current: readonly HeaderLine[]) => Variables): HeaderLine[] {
  const gone = levels.flatMap((level) => level?.remove ?? []).filter((name) => !isInternal(name)).map((name) => name.toLowerCase());
  let current = headers.filter(([name]) => !gone.includes(name));
  const known = variables(current);
  const evaluated = (field: 'set' | 'add'): HeaderLine[] =>
    levels
      .flatMap((level) => entriesByName(level?.[field]))
      .filter(([name]) => !isInternal(name))
      .map(([name, value]): HeaderLine => [name.toLowerCase(), format(value, known)])
      // A value that comes out empty does nothing.
      .filter(([, value]) => value !== '');
  const sets = evaluated('set');
  const adds = evaluated('add');
  for (const [name, value] of sets) current = [...current.filter(([own]) => own !== name), [name, value]];
  return [...current, ...adds];
}

function entriesByName(values: Readonly<Record<string, string>> | undefined): [string, string][] {
  return Object.entries(values ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

function isInternal(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}

/** The Host that request operations ask for: a set before an add. */
export function hostOf(operations: HeaderOperations | undefined): string | undefined {
  const find = (values: Readonly<Record<string, string>> | undefined): string | undefined => Object.entries(values ?? {}).find(([name]) => [':authority', 'host'].includes(name.toLowerCase()))?.[1];
  return find(operations?.set) ?? find(operations?.add);
}

function format(value: string, variables: Variables): string {
  return value.replaceAll(/%%|%([^%]+)%/g, (whole, operator: string) => (whole === '%%' ? '%' : formatOperator(operator, variables)));
}

function formatOperator(operator: string, { request, response }: Variables): string {
  if (operator === 'PROTOCOL') return 'HTTP/1.1';
  if (operator === 'RESPONSE_CODE') return String(response?.code ?? 0);
  const [, source = '', names = ''] = /^(REQ|RESP)\((.*)\)$/.exec(operator) ?? [];
  for (const name of names.split('?')) {
    const [line] = source === 'REQ' ? requestLines(name, request) : linesOf(response?.headers ?? [], name);
    if (line !== undefined) return line;
  }
  return '';
}

function requestLines(name: string, request: Variables['request']): string[] {
  switch (name.toLowerCase()) {
    case ':method':
      return [request.method];
    case ':path':
      return [request.path];
    case ':scheme':
      return [request.scheme];
    case ':authority':
    case 'host':
      return [request.authority];
    default:
      return linesOf(request.headers, name);
  }
}
