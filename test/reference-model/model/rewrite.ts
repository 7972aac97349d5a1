import { forJavaScript } from './match.ts';
import { pathOnly, queryOf } from './requests.ts';
import type { HttpMatch, RewriteSpec } from './resources.ts';

// §4 rewrite of the path; the query always stays.

export function rewritePath(rewrite: RewriteSpec, match: HttpMatch | undefined, path: string): string {
  const bare = pathOnly(path);
  if (rewrite.uriRegexRewrite !== undefined) return replaceAll(rewrite.uriRegexRewrite, bare) + queryOf(path);
  const uri = rewrite.uri ?? '';
  return replaceMatched(match, bare, uri) + queryOf(path);
}

/** The text that the match covered is replaced as it stands: a prefix by its length, of exact and regex the whole path, without uri the leading slash. */
export function replaceMatched(match: HttpMatch | undefined, bare: string, replacement: string): string {
  if (match?.uri?.exact !== undefined || match?.uri?.regex !== undefined) return replacement;
  const prefix = match?.uri?.prefix ?? '/';
  return replacement + bare.slice(prefix.length);
}

/** RE2's global replace: `\1` is a group, `\0` the whole match, `$` an ordinary character. */
function replaceAll({ match, rewrite }: { readonly match: string; readonly rewrite: string }, text: string): string {
  return text.replaceAll(new RegExp(forJavaScript(match), 'gu'), (...found: unknown[]) => {
    const groups = found.slice(0, found.findIndex((part) => typeof part === 'number'));
    return rewrite.replaceAll(/\\([0-9\\])/g, (_, digit: string) => (digit === '\\' ? '\\' : String(groups[Number(digit)] ?? '')));
  });
}
