import { resolve } from 'node:path';
import type { ReadOptions } from '../config/read-options.ts';
import { nameOf, readInput, type ConfigInput, type InputRead } from '../config/read-resources.ts';
import type { ConfigIssue } from '../config/issue.ts';
import { FileCache, type ReadFile } from './file-cache.ts';
import { formatStamp } from './file-stamp.ts';
import { scanPath, type FoundFolder, type PathScan } from './scan-path.ts';
import { TimeSlices } from './time-slices.ts';

/** Something to read rules from: what code gives stays as it is, what is at a path may change. `shown`: the path as issues name it. */
export type ReaderSource = ConfigInput | { readonly path: string; readonly shown?: string };

/** What is at all paths, unread. */
export interface ConfigScan {
  readonly paths: readonly PathScan[];
  /** Equal for equal files with equal stamps. */
  readonly fingerprint: string;
  /** Files that exist and have nothing in them. */
  readonly empty: ReadonlySet<string>;
  readonly folders: readonly FoundFolder[];
}

/** What was read of all sources, in their order. */
export interface ConfigRead {
  readonly reads: readonly InputRead[];
  /** What is wrong with paths and files as such. */
  readonly issues: readonly ConfigIssue[];
  /** By the name of each file and text, something that is equal for equal contents. */
  readonly hashes: ReadonlyMap<string, string>;
}

type Part =
  | { readonly fixed: ConfigInput; read?: InputRead }
  /** `root` is the path as it was meant when it was given: the process may change its folder. `path` is what issues name. */
  | { readonly path: string; readonly root: string; readonly cache: FileCache<InputRead> };

/** Reads sources, as often as they are asked for; what has not changed is not parsed again. */
export class ConfigReader {
  readonly #parts: readonly Part[];
  readonly #options: ReadOptions;
  #slices = new TimeSlices();

  constructor(sources: readonly ReaderSource[], options: ReadOptions) {
    this.#options = options;
    this.#parts = sources.map((source) =>
      'path' in source
        ? { path: source.shown ?? source.path, root: resolve(source.path), cache: new FileCache((text, file) => this.#parse({ text, file })) }
        : { fixed: source },
    );
  }

  /** Whether there is anything that may change. */
  get hasPaths(): boolean {
    return this.#parts.some((part) => 'path' in part);
  }

  /** Whether files have to be read again, though a scan shows no difference. */
  get isDoubtful(): boolean {
    return this.#parts.some((part) => 'path' in part && part.cache.isDoubtful);
  }

  async scan(): Promise<ConfigScan> {
    const paths = await Promise.all(this.#parts.flatMap((part) => ('path' in part ? [scanPath(part.root, part.path)] : [])));
    const files = paths.flatMap((path) => path.files);
    const issues = paths.flatMap((path) => path.issues);
    return {
      paths,
      fingerprint: [...files.map(({ path, stamp }) => `${path}\0${formatStamp(stamp)}`), ...issues.map(({ file, message }) => `${file}\0${message}`)].join('\n'),
      empty: new Set(files.filter(({ stamp }) => stamp.size === 0).map(({ path }) => path)),
      folders: paths.flatMap((path) => path.folders),
    };
  }

  /** Reads what `scan` found; one reading at a time. Long parsing is done in slices. */
  async read(scan: Pick<ConfigScan, 'paths'>): Promise<ConfigRead> {
    this.#slices = new TimeSlices();
    const reads: InputRead[] = [];
    const issues: ConfigIssue[] = [];
    const hashes = new Map<string, string>();
    const paths = scan.paths.values();
    for (const part of this.#parts) {
      if ('fixed' in part) {
        reads.push((part.read ??= await this.#parse(part.fixed)));
        hashes.set(nameOf(part.fixed), '');
        continue;
      }
      const { files, issues: ofPath } = paths.next().value!;
      issues.push(...ofPath);
      for (const read of await part.cache.read(files)) note(read, reads, issues, hashes);
    }
    return { reads, issues, hashes };
  }

  #parse(input: ConfigInput): Promise<InputRead> {
    return this.#slices.run(readInput(input, this.#options));
  }
}

function note({ file, hash, value, issue }: ReadFile<InputRead>, reads: InputRead[], issues: ConfigIssue[], hashes: Map<string, string>): void {
  hashes.set(file, hash);
  if (value !== undefined) reads.push(value);
  if (issue !== undefined) issues.push(issue);
}
