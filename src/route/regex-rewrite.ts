import type { RE2JS } from 're2js';
import { withoutQuery } from './path.ts';
import { compileRegex, regexSize } from './regex.ts';

/**
 * What one rewrite may cost, in instructions × characters: a second where most are run, a few at worst. Each match is looked for
 * in all that is left, so that `a.*b|a` is quadratic in a path of many `a`, for RE2 in C++ too.
 */
export const MAX_REWRITE_WORK = 100_000_000;

/** Longest path that a rewrite may make; a few groups, repeated, make thousands of characters of one. */
export const MAX_REWRITTEN_LENGTH = 1024 * 1024;

/**
 * `uriRegexRewrite`: every match of an RE2 pattern in the path (not the query) is replaced; `\1` stands for a group, `\0` for
 * the match, `\\` for a backslash, and `$` for itself.
 *
 * Source: Istio `RegexRewrite`; Envoy `CompiledGoogleReMatcher::replaceAll`; RE2 `GlobalReplace`.
 */
export class RegexRewrite {
  readonly #regex: RE2JS;
  readonly #size: number;
  /** Text and group numbers. */
  readonly #parts: readonly (string | number)[];

  /** @throws {Error} what `checkRegexRewrite` says. */
  constructor({ match, rewrite }: { readonly match: string; readonly rewrite: string }) {
    this.#regex = compileRegex(match);
    this.#size = regexSize(this.#regex);
    const parts = parse(rewrite, this.#regex.groupCount());
    if (typeof parts === 'string') throw new RangeError(parts);
    this.#parts = parts;
  }

  /** `path` may carry a query, which stays. `undefined` when it would take too long, as it may for paths made to hang us. */
  replace(path: string): string | undefined {
    const plain = withoutQuery(path);
    const matcher = this.#regex.matcher(plain);
    let text = '';
    let from = 0;
    let lastEnd = -1;
    let work = plain.length * this.#size;
    while (work <= MAX_REWRITE_WORK && text.length <= MAX_REWRITTEN_LENGTH) {
      if (!matcher.find()) return text + path.slice(from);
      const start = matcher.start();
      const end = matcher.end();
      work += (plain.length - end) * this.#size;
      // RE2, unlike others, skips an empty match right after a match.
      if (start === end && start === lastEnd) continue;
      text += plain.slice(from, start);
      for (const part of this.#parts) text += typeof part === 'string' ? part : (matcher.group(part) ?? '');
      from = lastEnd = end;
    }
    return undefined;
  }
}

/** What is wrong with a rewrite of `match`, or `undefined`. */
export function checkRegexRewrite(options: { readonly match: string; readonly rewrite: string }): string | undefined {
  try {
    new RegexRewrite(options);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function parse(rewrite: string, groups: number): (string | number)[] | string {
  const parts: (string | number)[] = [];
  let text = '';
  for (let i = 0; i < rewrite.length; i++) {
    const char = rewrite[i]!;
    if (char !== '\\') {
      text += char;
      continue;
    }
    const next = rewrite.charAt(++i);
    if (next === '\\') {
      text += next;
    } else if (next >= '0' && next <= '9') {
      if (Number(next) > groups) return `refers to group ${next}, but the pattern has ${groups}`;
      parts.push(text, Number(next));
      text = '';
    } else {
      return `has a backslash that is followed by neither a digit nor a backslash`;
    }
  }
  return [...parts, text];
}
