import { readFile, stat } from 'node:fs/promises';

/** A file as it was read, and by what a change of it shows. */
interface Known {
  readonly version: string;
  readonly content: Buffer;
}

/** The file itself is not there, or may not be read: nothing of TLS, but said where TLS fails. */
export class TlsFileError extends Error {
  constructor(path: string, cause: NodeJS.ErrnoException) {
    super(`${path} can't be read (${cause.code ?? cause.message})`, { cause });
  }
}

/**
 * Files of certificates and keys, read again when they have changed: whoever renews a certificate puts another file in its place.
 * They are looked at when a connection is opened, so that nothing has to be watched.
 */
export class TlsFiles {
  readonly #known = new Map<string, Known>();

  /**
   * The content, and a text that changes with it.
   *
   * @throws {TlsFileError}
   */
  async read(path: string): Promise<Known> {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${path} ${String(ino)} ${String(mtimeMs)} ${String(size)}`;
      const known = this.#known.get(path);
      if (known?.version === version) return known;
      const read = { version, content: await readFile(path) };
      this.#known.set(path, read);
      return read;
    } catch (error) {
      throw new TlsFileError(path, error as NodeJS.ErrnoException);
    }
  }
}
