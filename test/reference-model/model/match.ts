import { linesOf, pathOnly, queryOf } from './requests.ts';
import type { Request } from './requests.ts';
import type { HttpMatch, StringMatch } from './resources.ts';

// §3 HTTP match semantics.

export function fits(match: HttpMatch | undefined, request: Request): boolean {
  if (match === undefined) return true;
  if (match.uri !== undefined && !uriFits(match.uri, match.ignoreUriCase ?? false, pathOnly(request.path))) return false;
  if (match.scheme !== undefined && !valueFits(match.scheme, request.scheme)) return false;
  if (match.method !== undefined && !valueFits(match.method, request.method)) return false;
  if (match.authority !== undefined && !valueFits(match.authority, request.authority)) return false;
  for (const [name, matcher] of Object.entries(match.headers ?? {})) {
    // One line is enough; an absent header never fits.
    if (!headerLines(name, request).some((line) => valueFits(matcher, line))) return false;
  }
  for (const [name, matcher] of Object.entries(match.withoutHeaders ?? {})) {
    const lines = headerLines(name, request);
    // Presence asked: absent. A value asked: absent is as empty.
    const considered = asksPresence(matcher) || lines.length > 0 ? lines : [''];
    if (considered.some((line) => valueFits(matcher, line))) return false;
  }
  for (const [name, matcher] of Object.entries(match.queryParams ?? {})) {
    const value = queryParameter(name, request.path);
    if (value === undefined || !valueFits(matcher, value)) return false;
  }
  return true;
}

function uriFits(uri: StringMatch, ignoreCase: boolean, path: string): boolean {
  if (uri.regex !== undefined) return matchesWhole(uri.regex, path);
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  if (uri.exact !== undefined) return fold(path) === fold(uri.exact);
  if (uri.prefix !== undefined) return fold(path).startsWith(fold(uri.prefix));
  return true;
}

function valueFits(matcher: StringMatch, value: string): boolean {
  if (asksPresence(matcher)) return true;
  if (matcher.exact !== undefined) return value === matcher.exact;
  if (matcher.prefix !== undefined) return value.startsWith(matcher.prefix);
  return matchesWhole(matcher.regex ?? '', value);
}

function asksPresence(matcher: StringMatch): boolean {
  return (matcher.exact === undefined && matcher.prefix === undefined && matcher.regex === undefined) || matcher.regex === '*';
}

/** The generated expressions are of the kind that RE2 and JavaScript read alike. */
export function matchesWhole(regex: string, text: string): boolean {
  return new RegExp(`^(?:${forJavaScript(regex)})$`, 'su').test(text);
}

/** What of RE2's own syntax the recordings use, in JavaScript's words. */
export function forJavaScript(regex: string): string {
  const translated = regex
    .replaceAll(/\\Q(.*?)\\E/g, (_, literal: string) => literal.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`))
    .replaceAll('[[:digit:]]', '[0-9]')
    .replaceAll('[[:alpha:]]', '[A-Za-z]')
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\\p([A-Z])/g, String.raw`\p{$1}`)
    .replaceAll(/^\(\?i\)(.*)$/g, '(?i:$1)');
  return withoutCaseGroups(translated);
}

/** Not every Node has groups with flags of their own: letters within `(?i:…)` become classes of both cases. */
function withoutCaseGroups(regex: string): string {
  const start = regex.indexOf('(?i:');
  if (start === -1) return regex;
  const inner = regex.slice(start + 4, closingOf(regex, start));
  if (inner.includes('[')) throw new Error(`a class within (?i:…) is more than this can: ${regex}`);
  const both = inner.replaceAll(/\\p\{[^}]*\}|\\.|[a-z]/gi, (part) => (part.length === 1 ? `[${part.toLowerCase()}${part.toUpperCase()}]` : part));
  return `${regex.slice(0, start)}(?:${both})${regex.slice(start + 5 + inner.length)}`;
}

/** Where the group that begins at `start` ends. */
function closingOf(regex: string, start: number): number {
  for (let i = start + 1, depth = 1; i < regex.length; i++) {
    if (regex[i] === '\\') i++;
    else if (regex[i] === '(') depth++;
    else if (regex[i] === ')' && --depth === 0) return i;
  }
  throw new Error(`a group without an end: ${regex}`);
}

function headerLines(name: string, request: Request): string[] {
  switch (name.toLowerCase()) {
    case ':path':
      return [request.path];
    case ':method':
      return [request.method];
    case ':scheme':
      return [request.scheme];
    case ':authority':
    case 'host':
      return [request.authority];
    default:
      return linesOf(request.headers, name);
  }
}

/** The first value of that name, even an empty one; nothing is decoded. */
function queryParameter(name: string, path: string): string | undefined {
  for (const pair of queryOf(path).slice(1).split('&')) {
    const equals = pair.indexOf('=');
    const own = equals < 0 ? pair : pair.slice(0, equals);
    if (own === name && queryOf(path) !== '') return equals < 0 ? '' : pair.slice(equals + 1);
  }
  return undefined;
}
