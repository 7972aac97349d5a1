import type { StickyKey, StickyOptions } from '../../route/model.ts';

/** On a VirtualService: the key by which the splits of its rules keep callers on their side. */
export const STICKY_BY = 'ts-mesh.dev/sticky-by';
export const STICKY_BY_EXPECTED = 'must be a list of header NAME, cookie NAME or query NAME, such as header end-user, cookie session; a salt TEXT may follow it';

const KEY = /^(header|cookie|query)\s+([\w!#$%&'*+.^`|~-]{1,100})$/i;
const SALT = /\ssalt\s+(\S{1,100})$/;

/** `undefined`: `text` is not what is expected. Without a salt, `salt` is. */
export function parseStickyBy(text: string, salt: string): StickyOptions | undefined {
  const salted = SALT.exec(text);
  const list = salted === null ? text : text.slice(0, salted.index);
  const keys: StickyKey[] = [];
  for (const part of list.split(',')) {
    const found = KEY.exec(part.trim());
    if (found === null) return undefined;
    const kind = found[1]!.toLowerCase() as StickyKey['kind'];
    keys.push({ kind, name: kind === 'header' ? found[2]!.toLowerCase() : found[2]! });
  }
  return { keys, salt: salted?.[1] ?? salt };
}
