import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import pLimit from 'p-limit';
import type { ConfigIssue } from '../config/issue.ts';
import { stampOf, type FileStamp } from './file-stamp.ts';
import { danglingLink, emptyFolder, isGone, missingPath, unreadable } from './path-issues.ts';

/** A file that may hold rules. */
export interface FoundFile {
  /** As issues and explanations name it. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  readonly stamp: FileStamp;
}

/** A folder whose changes are worth another look. */
export interface FoundFolder {
  readonly path: string;
  /** Another one when the folder was removed and made again; the one above the path is not looked at so closely. */
  readonly id: string;
  /** The only entry that matters. Default: all do. */
  readonly only?: string;
}

/** What is at a path, unread. */
export interface PathScan {
  /** In alphabetical order. */
  readonly files: readonly FoundFile[];
  readonly folders: readonly FoundFolder[];
  readonly issues: readonly ConfigIssue[];
}

const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

/** A pipe can be read but once, so it never changes. */
const PIPE: FileStamp = { size: -1, mtimeMs: 0, ctimeMs: 0, ino: 0 };

/** Calls to the file system at a time, of all scans together; it has four threads, others need them too. */
const limit = pLimit(32);

/**
 * Finds the file at the absolute path `root`, or every `.yaml`, `.yml` and `.json` file of the folder and its subfolders. Hidden names are
 * passed over. Links are followed, also those to folders: Kubernetes mounts a ConfigMap with `sub/rules.yaml` in it as
 * `sub → ..data/sub`. What vanishes meanwhile is not there. Never rejects.
 *
 * @param shown - `root` as issues and explanations name it
 */
export async function scanPath(root: string, shown = root): Promise<PathScan> {
  const above: FoundFolder = { path: dirname(root), id: 'above' };
  try {
    const stats = await limit(() => stat(root));
    if (!stats.isDirectory()) {
      // A file may be a link to a link beside it, so that whatever happens there matters.
      return { files: [{ file: shown, path: root, stamp: stats.isFile() ? stampOf(stats) : PIPE }], folders: [above], issues: [] };
    }
    const walk = new Walk();
    await walk.folder(root, shown, stats, []);
    const files = walk.files.sort((a, b) => (a.file < b.file ? -1 : 1));
    const issues = walk.issues.length === 0 && files.length === 0 ? [emptyFolder(shown)] : walk.issues;
    // The folder may be removed and made again, or be a link that is turned; its neighbours are nobody's business.
    return { files, folders: [{ ...above, only: basename(root) }, ...walk.folders], issues };
  } catch (error) {
    return { files: [], folders: [above], issues: [isGone(error) ? missingPath(shown, root) : unreadable(shown, error)] };
  }
}

class Walk {
  readonly files: FoundFile[] = [];
  readonly folders: FoundFolder[] = [];
  readonly issues: ConfigIssue[] = [];

  /** @param above - the folders that this one is in, so that links in circles come to an end */
  async folder(path: string, shown: string, stats: Stats, above: readonly string[]): Promise<void> {
    const key = `${stats.dev}:${stats.ino}`;
    if (above.includes(key)) return;
    let entries: readonly Dirent[];
    try {
      entries = await limit(() => readdir(path, { withFileTypes: true }));
    } catch (error) {
      if (!isGone(error)) this.issues.push(unreadable(shown, error));
      return;
    }
    this.folders.push({ path, id: folderId(stats) });
    const inside = [...above, key];
    await Promise.all(entries.map((entry) => this.#entry(entry, join(path, entry.name), join(shown, entry.name), inside)));
  }

  async #entry(entry: Dirent, path: string, shown: string, above: readonly string[]): Promise<void> {
    if (entry.name.startsWith('.')) return;
    const isConfig = EXTENSIONS.has(extname(entry.name));
    if (!isConfig && !entry.isDirectory() && !entry.isSymbolicLink()) return;
    try {
      const stats = await limit(() => stat(path));
      if (stats.isDirectory()) await this.folder(path, shown, stats, above);
      // A pipe or device would be waited for.
      else if (isConfig && stats.isFile()) this.files.push({ file: shown, path, stamp: stampOf(stats) });
    } catch (error) {
      if (!isConfig) return;
      if (!isGone(error)) this.issues.push(unreadable(shown, error));
      else if (await isThere(path)) this.issues.push(danglingLink(shown));
    }
  }
}

/** Whether there is a link, wherever it leads. */
async function isThere(path: string): Promise<boolean> {
  try {
    await limit(() => lstat(path));
    return true;
  } catch {
    return false;
  }
}

function folderId({ dev, ino, birthtimeMs }: Stats): string {
  // A folder made again may get the same inode.
  return `${dev}:${ino}:${birthtimeMs}`;
}
