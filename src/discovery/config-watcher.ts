import type { Clock, TimerHandle } from '../common/clock.ts';
import type { ConfigRead, ConfigReader, ConfigScan } from './config-reader.ts';
import { FolderWatches } from './folder-watches.ts';
import { Settling } from './settling.ts';

/** How a watcher looks at its files. */
export interface WatcherTimes {
  /** Milliseconds that files have to be left alone before they are read. */
  readonly debounceMs: number;
  /** Milliseconds between looks at files of which the system tells no changes. */
  readonly pollMs: number;
}

/** What hears from a watcher. */
export interface WatcherListener {
  /** The contents are other than before; `files` are those that were edited, added or removed since the last call. No look is taken until it is through. */
  changed(read: ConfigRead, files: readonly string[]): Promise<void>;
  /** Something went wrong that has nothing to do with the files. Watching goes on. */
  failed(error: unknown): void;
}

/** An emptied file has so many debounce times to be filled again. */
const EMPTIED_FACTOR = 10;

/** Files that never come to rest are read as they are after this time, in debounce times. */
const PATIENCE_FACTOR = 100;

/** Looks at a huge folder take long. This is the part of all time that they may take while nothing is told, and while much is. */
const POLLING_SHARE = 0.02;
const LOOKING_SHARE = 0.2;

/** Files that are in doubt are read again soon, in milliseconds: after the coarsest tick of a file system. */
const DOUBT_MS = 2100;

/**
 * Keeps an eye on the files of a reader. A look compares stamps; what is different is read once it has come to rest, and told
 * of when its content is different too. Looks are taken when the system tells of a change, and from time to time in any case,
 * since it does not tell of all. Neither timers nor watches keep the process alive.
 */
export class ConfigWatcher {
  readonly #reader: ConfigReader;
  readonly #clock: Clock;
  readonly #times: WatcherTimes;
  readonly #listener: WatcherListener;
  readonly #settling: Settling;
  readonly #folders = new FolderWatches(() => this.#lookSoon());
  /** What the listener knows; nothing after a failure. */
  #told: ConfigRead | undefined;
  #empty: ReadonlySet<string>;
  #timer: TimerHandle | undefined;
  #timerAtMs = 0;
  #isLooking = false;
  #scanTookMs = 0;
  /** Whether the system told of a change during a look, which may have come too late to be seen by it. */
  #isOutdated = false;
  #isClosed = false;

  /** @param read - what the reader read when its files looked like `scan` */
  constructor(reader: ConfigReader, scan: ConfigScan, read: ConfigRead, clock: Clock, times: WatcherTimes, listener: WatcherListener) {
    this.#reader = reader;
    this.#clock = clock;
    this.#times = times;
    this.#listener = listener;
    this.#told = read;
    this.#empty = scan.empty;
    const { debounceMs: quietMs } = times;
    this.#settling = new Settling({ quietMs, emptiedMs: EMPTIED_FACTOR * quietMs, patienceMs: PATIENCE_FACTOR * quietMs }, scan.fingerprint);
    this.#folders.sync(scan.folders);
    // What changed before the watches were there has not been told.
    this.#lookIn(0);
  }

  close(): void {
    this.#isClosed = true;
    this.#folders.close();
    this.#clock.clearTimeout(this.#timer);
  }

  #lookSoon(): void {
    if (this.#isLooking) this.#isOutdated = true;
    else this.#lookIn(Math.max(this.#times.debounceMs / 4, this.#scanTookMs / LOOKING_SHARE));
  }

  /** Sets the next look, unless an earlier one is set. */
  #lookIn(waitMs: number): void {
    const atMs = this.#clock.now() + waitMs;
    if (this.#isClosed || (this.#timer !== undefined && this.#timerAtMs <= atMs)) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = this.#clock.setTimeout(() => void this.#look(), waitMs, true);
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#isLooking = true;
    this.#isOutdated = false;
    let waitMs: number | undefined;
    try {
      waitMs = await this.#compare();
    } catch (error) {
      this.#told = undefined;
      if (!this.#isClosed) this.#listener.failed(error);
    }
    this.#isLooking = false;
    this.#lookIn(waitMs ?? Math.max(this.#times.pollMs, this.#scanTookMs / POLLING_SHARE));
    if (this.#isOutdated) this.#lookSoon();
  }

  /** Gives the milliseconds until the next look, when it is not to wait until something is told. */
  async #compare(): Promise<number | undefined> {
    const scan = await this.#scan();
    if (this.#isClosed) return undefined;
    const verdict = this.#verdict(scan);
    if (verdict.kind === 'moving') return verdict.waitMs;
    if (verdict.kind === 'same' && !this.#reader.isDoubtful) return undefined;
    const isOverdue = this.#settling.isOverdue(this.#clock.now());
    const read = await this.#reader.read(scan);
    // Files that were replaced while others were read do not belong together.
    const after = await this.#scan();
    if (this.#isClosed) return undefined;
    const isTorn = after.fingerprint !== scan.fingerprint;
    if (isTorn && !isOverdue) {
      this.#verdict(after);
      return this.#times.debounceMs;
    }
    this.#settling.recordRead(scan.fingerprint);
    this.#empty = scan.empty;
    await this.#tell(read);
    if (isTorn) return this.#times.debounceMs;
    return this.#reader.isDoubtful ? Math.min(DOUBT_MS, this.#times.pollMs) : undefined;
  }

  async #scan(): Promise<ConfigScan> {
    const startedAtMs = this.#clock.now();
    const scan = await this.#reader.scan();
    this.#scanTookMs = this.#clock.now() - startedAtMs;
    if (!this.#isClosed) this.#folders.sync(scan.folders);
    return scan;
  }

  #verdict({ fingerprint, empty }: ConfigScan): ReturnType<Settling['observe']> {
    const isEmptied = [...empty].some((file) => !this.#empty.has(file));
    return this.#settling.observe(fingerprint, isEmptied, this.#clock.now());
  }

  async #tell(read: ConfigRead): Promise<void> {
    const before = this.#told;
    this.#told = read;
    const files = changedFiles(before?.hashes ?? read.hashes, read.hashes);
    if (before === undefined || files.length > 0 || issueText(before) !== issueText(read)) await this.#listener.changed(read, files);
  }
}

function changedFiles(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const files = new Set([...before.keys(), ...after.keys()]);
  return [...files].filter((file) => before.get(file) !== after.get(file));
}

function issueText({ issues }: ConfigRead): string {
  return issues.map(({ file, message }) => `${file}: ${message}`).join('\n');
}
