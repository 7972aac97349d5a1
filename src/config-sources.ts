import { INLINE } from './config/objects.ts';
import type { ReaderSource } from './discovery/config-reader.ts';
import type { ConfigSource } from './mesh-options.ts';

/** What a caller gave, as what there is to read, in order. */
export function sourcesOf(source: ConfigSource): ReaderSource[] {
  if (typeof source === 'string') {
    const isText = source.includes('\n') || source.trim() === '';
    return [isText ? { text: source, file: INLINE } : { path: source }];
  }
  if (Array.isArray(source)) return source.flatMap(sourcesOf);
  const { text, path, file, kind } = (source ?? {}) as { text?: unknown; path?: unknown; file?: string; kind?: unknown };
  if (kind === undefined && typeof text === 'string') return [{ text, file: file ?? INLINE }];
  if (kind === undefined && typeof path === 'string') return [{ path, ...(file !== undefined && { shown: file }) }];
  return [{ object: source }];
}
