import { RE2JS } from 're2js';

/** Longest pattern that is compiled, in characters. Source: istio `validateStringMatchRegexp`. */
export const MAX_REGEX_LENGTH = 1024;

/**
 * Largest pattern that is used, in instructions of its compiled form: counted repeats multiply, `(a?){1000}` has 4,002. A
 * match takes up to 50 ns for each instruction and character of the text compared, here about 0.2 s for a kilobyte.
 *
 * Istio's proxies stop at 32,768 (`re2.max_program_size.error_level`), but in C++'s RE2, which counts bytes (a dot is ten
 * instructions there and one here) and is many times faster.
 */
export const MAX_REGEX_SIZE = 4096;

/**
 * Compiles a pattern of RE2, which has no look-around and no back-references, so that a match takes linear time.
 *
 * @throws {Error} what RE2 says about a bad pattern, and for patterns beyond the limits above.
 */
export function compileRegex(pattern: string): RE2JS {
  if (pattern.length > MAX_REGEX_LENGTH) {
    throw new RangeError(`has ${pattern.length} characters, more than ${MAX_REGEX_LENGTH}`);
  }
  const regex = RE2JS.compile(pattern);
  const size = regexSize(regex);
  if (size > MAX_REGEX_SIZE) throw new RangeError(`compiles to ${size} instructions, more than ${MAX_REGEX_SIZE}`);
  return regex;
}

/** What is wrong with `pattern`, if anything, and the size it has, also when that is too large. */
export function measureRegex(pattern: string): { readonly size: number; readonly problem: string | undefined } {
  try {
    return { size: regexSize(RE2JS.compile(pattern)), problem: undefined };
  } catch (error) {
    return { size: pattern.length, problem: messageOf(error) };
  }
}

/** What keeps `pattern` from being compiled, or `undefined`. */
export function checkRegex(pattern: string): string | undefined {
  try {
    compileRegex(pattern);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Instructions of its compiled form. */
export function regexSize(regex: RE2JS): number {
  return regex.matcher('').programSize();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
