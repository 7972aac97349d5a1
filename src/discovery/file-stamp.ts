import type { Stats } from 'node:fs';

/**
 * What tells, without reading it, that a file has changed. The inode tells files that were put in place of others, the
 * time of change (`ctime`) those whose modification time was set back (`cp -p`, `rsync -t`).
 */
export interface FileStamp {
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

/** Clocks of file systems tick every few milliseconds, those of FAT every two seconds. */
const COARSEST_TICK_MS = 2000;

export function stampOf({ size, mtimeMs, ctimeMs, ino }: Stats): FileStamp {
  return { size, mtimeMs, ctimeMs, ino };
}

/** The same text for the same stamp. */
export function formatStamp({ size, mtimeMs, ctimeMs, ino }: FileStamp): string {
  return `${size} ${mtimeMs} ${ctimeMs} ${ino}`;
}

/**
 * Whether a file that was read at `readAtMs` (of the epoch) may be written again without another stamp: its clock has not
 * ticked since. So its content has to be looked at once more.
 */
export function isDoubtful({ mtimeMs, ctimeMs }: FileStamp, readAtMs: number): boolean {
  return Math.max(mtimeMs, ctimeMs) > readAtMs - COARSEST_TICK_MS;
}
