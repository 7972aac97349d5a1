/**
 * `make`, with its answers kept: for programs that ask about few texts again and again, such as names of headers. Whoever sends
 * ever new ones fills the memory once, to its bound.
 *
 * @param maxTexts - how many are kept
 * @param maxLength - a longer text is never kept
 */
export function remembered<T>(make: (text: string) => T, maxTexts = 512, maxLength = 100): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const made = make(text);
    if (known.size < maxTexts && text.length <= maxLength) known.set(text, made);
    return made;
  };
}
