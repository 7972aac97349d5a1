import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pLimit from 'p-limit';
import type { ConfigIssue } from '../config/issue.ts';
import { MAX_TEXT_LENGTH } from '../config/limits.ts';
import { formatStamp, isDoubtful } from './file-stamp.ts';
import { isGone, tooLarge, unreadable } from './path-issues.ts';
import type { FoundFile } from './scan-path.ts';

/** A file, read. */
export interface ReadFile<T> {
  readonly file: string;
  /** Equal for equal contents. */
  readonly hash: string;
  /** What its text was made into; absent when it can't be read. */
  readonly value?: T;
  readonly issue?: ConfigIssue;
}

interface Entry<T> extends ReadFile<T> {
  readonly stamp: string;
  /** Whether it must be read again whatever its stamp says. */
  readonly isDoubtful: boolean;
}

type Read = { readonly text: string; readonly hash: string } | { readonly issue: ConfigIssue; readonly hash: string } | 'gone';

/** Bytes; of four-byte characters the limit of texts. What is larger is not even read. */
const MAX_BYTES = 4 * MAX_TEXT_LENGTH;

const limit = pLimit(32);

/** Reads files, and what their texts are made into is kept for as long as their contents stay. */
export class FileCache<T> {
  readonly #parse: (text: string, file: string) => Promise<T>;
  #entries = new Map<string, Entry<T>>();

  constructor(parse: (text: string, file: string) => Promise<T>) {
    this.#parse = parse;
  }

  /** Whether some file has to be looked at again, though its stamp has not changed. */
  get isDoubtful(): boolean {
    return [...this.#entries.values()].some((entry) => entry.isDoubtful);
  }

  /** Reads `files`, in their order, and forgets all others. One that vanished meanwhile is left out. Never rejects, unless parsing does. */
  async read(files: readonly FoundFile[]): Promise<ReadFile<T>[]> {
    const startedAtMs = Date.now();
    const reads = await Promise.all(files.map((found) => this.#isFresh(found) ? undefined : limit(() => readText(found))));
    const entries = new Map<string, Entry<T>>();
    for (const [at, found] of files.entries()) {
      const read = reads[at];
      const before = this.#entries.get(found.file);
      if (read === undefined && before !== undefined) entries.set(found.file, before);
      if (read === undefined || read === 'gone') continue;
      const about = { file: found.file, hash: read.hash, stamp: formatStamp(found.stamp) };
      if ('issue' in read) {
        // It may become readable without any change that a stamp shows.
        entries.set(found.file, { ...about, issue: read.issue, isDoubtful: true });
        continue;
      }
      const value = before?.hash === read.hash && before.value !== undefined ? before.value : await this.#parse(read.text, found.file);
      entries.set(found.file, { ...about, value, isDoubtful: isDoubtful(found.stamp, startedAtMs) });
    }
    this.#entries = entries;
    return [...entries.values()];
  }

  #isFresh({ file, stamp }: FoundFile): boolean {
    const entry = this.#entries.get(file);
    return entry !== undefined && !entry.isDoubtful && entry.stamp === formatStamp(stamp);
  }
}

async function readText({ file, path, stamp }: FoundFile): Promise<Read> {
  if (stamp.size > MAX_BYTES) return { issue: tooLarge(file, stamp.size, MAX_BYTES), hash: 'too large' };
  try {
    const bytes = await readFile(path);
    return { text: bytes.toString('utf8'), hash: createHash('sha256').update(bytes).digest('base64') };
  } catch (error) {
    return isGone(error) ? 'gone' : { issue: unreadable(file, error), hash: `unreadable ${String((error as NodeJS.ErrnoException).code)}` };
  }
}
