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
  const { text, file = INLINE, kind } = (source ?? {}) as { text?: unknown; file?: string; kind?: unknown };
  return [typeof text === 'string' && kind === undefined ? { text, file } : { object: source }];
}
