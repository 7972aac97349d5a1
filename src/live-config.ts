import type { Clock } from './common/clock.ts';
import { isMeshError, MeshError } from './common/errors.ts';
import { formatIssue, type ConfigIssue } from './config/issue.ts';
import type { ConfigRead, ConfigScan } from './discovery/config-reader.ts';
import { ConfigWatcher, type WatcherTimes } from './discovery/config-watcher.ts';
import type { ConfigChange, MeshConfig } from './mesh-config.ts';
import type { MeshOptions, WatchOptions } from './mesh-options.ts';

/** Who is told of what became of edits. */
export interface LiveListener {
  /** The files as they are now are in force. */
  changed(change: ConfigChange): void;
  /** They are not, and what was in force before stays. */
  failed(error: MeshError): void;
}

/** How often a start looks again at files that go while they are read; the watcher sees the rest. */
const RESCANS = 10;

const DEFAULTS: WatcherTimes = { debounceMs: 100, pollMs: 5000 };

/** A day. Node fires at once what is to wait for longer than 24 of them. */
const MAX_WAIT_MS = 86_400_000;

/** Keeps a configuration what the files say that it was read from. */
export class LiveConfig {
  readonly #config: MeshConfig;
  readonly #listener: LiveListener;
  readonly #edited = new Set<string>();
  #watcher: ConfigWatcher | undefined;
  #error: MeshError | undefined;
  #isClosed = false;

  private constructor(config: MeshConfig, listener: LiveListener) {
    this.#config = config;
    this.#listener = listener;
  }

  /**
   * Reads the configuration that `options` name, and watches what of it may change.
   *
   * @throws {MeshError} `ERR_INVALID_CONFIG`
   */
  static async start(config: MeshConfig, options: MeshOptions, clock: Clock, listener: LiveListener): Promise<LiveConfig> {
    const times = watchTimes(options.watch);
    const live = new LiveConfig(config, listener);
    if (options.config === undefined) return live;
    const reader = config.reader(options.config);
    let scan = await reader.scan();
    let read = await reader.read(scan);
    // A file that went in between would be none: its calls would go without its rules.
    for (let again = 0; again < RESCANS && hasLost(scan, read); again++) {
      scan = await reader.scan();
      read = await reader.read(scan);
    }
    listener.changed(await config.declare(read));
    if (times === undefined || !reader.hasPaths) return live;
    live.#watcher = new ConfigWatcher(reader, scan, read, clock, times, {
      changed: (contents, files) => live.#use(contents, files),
      failed: (error) => live.#fail(error),
    });
    return live;
  }

  /** Why the files as they are now are not in force; `undefined` when they are. */
  get error(): MeshError | undefined {
    return this.#error;
  }

  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
  }

  async #use(contents: ConfigRead, files: readonly string[]): Promise<void> {
    // Edits that could not come into force come with the one that mends them.
    for (const file of files) this.#edited.add(file);
    let change: ConfigChange;
    try {
      change = await this.#config.declare(contents, [...this.#edited]);
    } catch (error) {
      if (!this.#isClosed) this.#fail(error);
      return;
    }
    if (this.#isClosed) return;
    this.#edited.clear();
    this.#error = undefined;
    this.#listener.changed(change);
  }

  #fail(cause: unknown): void {
    this.#error = isMeshError(cause) ? cause : new MeshError('ERR_INVALID_CONFIG', `the configuration can't be read again: ${String(cause)}`, { cause });
    this.#listener.failed(this.#error);
  }
}

/** The same text for errors that are about the same mistakes, whatever there is to warn of besides. */
export function problemOf({ message, issues }: MeshError): string {
  const errors = (issues as readonly ConfigIssue[]).filter(({ severity }) => severity === 'error');
  return errors.length === 0 ? message : errors.map(formatIssue).join('\n');
}

function hasLost({ paths }: ConfigScan, { hashes }: ConfigRead): boolean {
  return paths.some(({ files }) => files.some(({ file }) => !hashes.has(file)));
}

function watchTimes(watch: boolean | WatchOptions = true): WatcherTimes | undefined {
  if (watch === false) return undefined;
  const given = watch === true ? {} : watch;
  const times = { debounceMs: given.debounceMs ?? DEFAULTS.debounceMs, pollMs: given.pollMs ?? DEFAULTS.pollMs };
  for (const field of ['debounceMs', 'pollMs'] as const) {
    const value: unknown = times[field];
    if (typeof value === 'number' && value >= 1 && value <= MAX_WAIT_MS) continue;
    throw new MeshError('ERR_INVALID_ARGUMENT', `watch.${field} must be a number of milliseconds from 1 to ${MAX_WAIT_MS}, got ${String(value)}`);
  }
  return times;
}
