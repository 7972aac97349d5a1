/** One part of an annotation that may say different things of different rules. */
export interface PerRule {
  readonly value: string;
  /** The rules that it is for; absent: all others. */
  readonly rules?: readonly string[];
}

/** `VALUE`, or `VALUE for RULE, RULE; OTHER VALUE`: parts are separated by `;` or line breaks, rules are called by the names of `http[].name`. */
export function parsePerRule(text: string): PerRule[] {
  return text
    .split(/[;\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      // Not by one expression, which might take long over many blanks.
      const at = part.search(/\sfor\s/);
      if (at === -1) return { value: part };
      const rules = part.slice(at + 5).split(',').map((name) => name.trim()).filter((name) => name !== '');
      return { value: part.slice(0, at).trim(), rules };
    });
}

/** What holds for the rule of that name: a part that calls it by its name, else one that names none; the last of several. */
export function partFor(parts: readonly PerRule[], rule: string | undefined): string | undefined {
  const named = parts.findLast(({ rules }) => rule !== undefined && rules?.includes(rule) === true);
  return (named ?? parts.findLast(({ rules }) => rules === undefined))?.value;
}
