import { partOf, type ConfigDocument } from './document.ts';
import { childPath } from './field-path.ts';

/**
 * The documents of a `kind: List`, or of a list of one kind (`ServiceList`), whose entries may leave their kind out; any
 * other document is itself. A list within a list stays one, and is then no kind that anybody knows.
 */
export function unwrapList(document: ConfigDocument): readonly ConfigDocument[] {
  const { kind, apiVersion, items } = (document.value ?? {}) as Record<string, unknown>;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [document];
  const common = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.map((item: unknown, index) => {
    const isMap = typeof item === 'object' && item !== null && !Array.isArray(item);
    return partOf(document, childPath('items', index), isMap ? { ...common, ...item } : item);
  });
}
