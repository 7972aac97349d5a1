/** A piece of a format: text as it stands, or an operator that stands for something of a call. */
export type Segment = string | { readonly name: string; readonly argument: string | undefined; readonly maxLength: number };

const OPERATOR = /%([A-Z0-9_]+)(?:\((.*?)\))?(?::(\d+))?%/y;

/**
 * The pieces of a text in which `%NAME%`, `%NAME(argument)%` and `%NAME(argument):10%` stand for something of a call and `%%` for a
 * percent sign; as text: what is wrong with it.
 *
 * Source: Envoy substitution formatter, in header operations and access logs.
 */
export function parseSubstitution(text: string): Segment[] | string {
  const segments: Segment[] = [];
  let from = 0;
  for (;;) {
    const percent = text.indexOf('%', from);
    if (percent === -1) break;
    segments.push(text.slice(from, percent));
    if (text.charCodeAt(percent + 1) === 37 /* % */) {
      segments.push('%');
      from = percent + 2;
      continue;
    }
    OPERATOR.lastIndex = percent;
    const operator = OPERATOR.exec(text);
    if (operator === null) return `is no valid format at character ${percent + 1}: a single percent sign is written %%`;
    segments.push({ name: operator[1]!, argument: operator[2], maxLength: operator[3] === undefined ? Infinity : Number(operator[3]) });
    from = OPERATOR.lastIndex;
  }
  return [...segments, text.slice(from)];
}
