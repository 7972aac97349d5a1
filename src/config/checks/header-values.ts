// Where the reader of a header value is. Source: Istio's port of Envoy's former header parser, which decides what is refused.
type State = 'literal' | 'name' | 'arguments' | 'text' | 'listText' | 'listNext' | 'argumentsEnd' | 'end';

// Line breaks would start a header of somebody else's. Tabs may be.
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

/** What is wrong with text that goes into a head as it is, as `must …`, if anything. */
export function plainTextProblem(text: string): string | undefined {
  return CONTROL.test(text) ? 'must not contain control characters' : undefined;
}

/** What is wrong with a value that header operations set, as `must …`, if anything. */
export function headerValueProblem(value: string): string | undefined {
  const control = plainTextProblem(value);
  if (control !== undefined) return control;
  let state: State = 'literal';
  for (let at = 0; at < value.length; at++) {
    const char = value[at]!;
    if (state === 'literal' && char === '%' && value[at + 1] === '%') {
      at += 1;
    } else if (state === 'text' && char === '\\') {
      at += 1;
    } else {
      const next = step(state, char);
      if (next === undefined) {
        return `must have complete operators such as %REQ(x)%; unexpected ${JSON.stringify(char)} at character ${at + 1}`;
      }
      state = next;
    }
  }
  return state === 'literal'
    ? undefined
    : 'must write a percent sign as %%, and operators as %NAME% or %NAME(ARGUMENT)%';
}

function step(state: State, char: string): State | undefined {
  switch (state) {
    case 'literal':
      return char === '%' ? 'name' : 'literal';
    case 'name':
      return char === '%' ? 'literal' : char === '(' ? 'arguments' : 'name';
    case 'arguments':
      return char === ' ' ? 'arguments' : char === '[' ? 'listText' : 'text';
    case 'text':
      return char === ')' ? 'end' : char === '"' ? 'listNext' : 'text';
    case 'listText':
      return char === ' ' ? 'listText' : char === '"' ? 'text' : undefined;
    case 'listNext':
      return char === ' ' ? 'listNext' : char === ',' ? 'listText' : char === ']' ? 'argumentsEnd' : undefined;
    case 'argumentsEnd':
      return char === ' ' ? 'argumentsEnd' : char === ')' ? 'end' : undefined;
    case 'end':
      return char === ' ' ? 'end' : char === '%' ? 'literal' : undefined;
  }
}
