import { watch, type FSWatcher } from 'node:fs';
import { basename } from 'node:path';
import type { FoundFolder } from './scan-path.ts';

interface FolderWatch {
  readonly id: string;
  readonly watcher: FSWatcher;
}

/**
 * Hears of changes in folders, as far as the system tells: network and overlay file systems often don't, and there is a
 * limit to how many folders can be watched. So this only makes changes known sooner, and every failure is silent.
 *
 * One plain `fs.watch` for each folder: `recursive` misses what is made while it looks for subfolders (Linux). None keeps the
 * process alive.
 */
export class FolderWatches {
  readonly #onEvent: () => void;
  readonly #watches = new Map<string, FolderWatch>();

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches `folders` and no others. */
  sync(folders: readonly FoundFolder[]): void {
    const wanted = new Map(folders.map((folder) => [folder.path, folder]));
    for (const [path, { id }] of this.#watches) {
      if (wanted.get(path)?.id !== id) this.#drop(path);
    }
    for (const folder of wanted.values()) {
      if (!this.#watches.has(folder.path)) this.#add(folder);
    }
  }

  close(): void {
    for (const path of [...this.#watches.keys()]) this.#drop(path);
  }

  #add({ path, id, only }: FoundFolder): void {
    try {
      const watcher = watch(path, { persistent: false }, (_type, name) => {
        // A folder that is removed tells so by its own name, and nothing more after that.
        if (name === basename(path)) this.#drop(path);
        else if (only !== undefined && name !== null && name !== only) return;
        this.#onEvent();
      });
      watcher.on('error', () => this.#drop(path));
      this.#watches.set(path, { id, watcher });
    } catch {
      // Gone meanwhile, or one watch too many.
    }
  }

  #drop(path: string): void {
    this.#watches.get(path)?.watcher.close();
    this.#watches.delete(path);
  }
}
