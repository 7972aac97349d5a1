import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../common/clock.ts';
import { MeshError } from '../common/errors.ts';
import { systemClock } from '../engine/system-clock.ts';
import { durationMs, type DurationInput } from './duration-input.ts';
import { settle } from './turns.ts';
import { VirtualClock } from './virtual-clock.ts';

/** The clock of a test mesh. */
export interface TestClock extends Clock {
  /**
   * Whether time moves on by itself while a call waits for nothing but time. Set it to `false` to look at calls that wait; `advance` holds it
   * up only while it runs. Always `false` where the clock is the process's own.
   */
  auto: boolean;
  /**
   * Moves time on and fires what comes due: milliseconds, or such as `7s`.
   *
   * @throws {MeshError} `ERR_INVALID_ARGUMENT` where the clock is the process's own: move that by its fake timers.
   */
  advance(by: DurationInput): Promise<void>;
  /** Waits on this clock: for services that take their time. */
  sleep(time: DurationInput): Promise<void>;
  /** `AbortSignal.timeout` on this clock, which no fake timers reach: to be put in its place for code under test that gives up in time. */
  timeout(time: DurationInput): AbortSignal;
}

/** Turns of the event loop in which nothing may happen before time moves on by itself. */
const QUIET_TURNS = 4;

/** A service's handler that runs. As long as it touches no virtual time, it does something real, for which time has to wait. */
class Run {
  /** Whose time it may touch. */
  readonly clock: AutoClock;
  /** The one that it runs in, of another mesh. */
  readonly outer: Run | undefined;
  readonly #release: () => void;
  #held = true;

  constructor(clock: AutoClock, release: () => void) {
    this.clock = clock;
    this.outer = runs.getStore();
    this.#release = release;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#release();
  }
}

/** One for all clocks: before Node 24 each that was ever used makes every promise of the process dearer. */
const runs = new AsyncLocalStorage<Run>();

/** A {@link VirtualClock} that jumps to the next timer as soon as somebody waits and nothing else is going on. */
export class AutoClock extends VirtualClock implements TestClock {
  #auto: boolean;
  /** Calls under way, and sleepers. */
  #waiting = 0;
  /** Of those, sleepers of no handler. */
  #sleeping = 0;
  /** Handlers that do something real. */
  #held = 0;
  #advancing = 0;
  #pumping = false;
  /** Counts up whenever something happens. */
  #activity = 0;

  constructor(auto: boolean) {
    super();
    this.#auto = auto;
  }

  get auto(): boolean {
    return this.#auto;
  }

  set auto(auto: boolean) {
    this.#auto = auto;
    this.#kick();
  }

  override setTimeout(callback: () => void, delayMs: number, background = false): unknown {
    const handle = super.setTimeout(callback, delayMs, background);
    this.#kick();
    return handle;
  }

  override clearTimeout(handle: unknown): void {
    this.#activity++;
    super.clearTimeout(handle);
  }

  override async advanceTo(untilMs: number, turns?: number): Promise<void> {
    this.#advancing++;
    try {
      await super.advanceTo(untilMs, turns);
    } finally {
      this.#advancing--;
      this.#kick();
    }
  }

  async sleep(time: DurationInput): Promise<void> {
    const ms = durationMs(time);
    const run = this.#run;
    run?.release();
    if (run === undefined) this.#sleeping++;
    const end = this.waits();
    await new Promise<void>((resolve) => void this.setTimeout(resolve, ms));
    if (run === undefined) this.#sleeping--;
    end();
  }

  timeout(time: DurationInput): AbortSignal {
    return timeoutSignal(this, time);
  }

  /** Somebody waits, until the function that is returned is called. */
  waits(): () => void {
    this.#run?.release();
    this.#waiting++;
    this.#kick();
    return once(() => {
      this.#waiting--;
      this.#activity++;
    });
  }

  /** The handler that asks. */
  get #run(): Run | undefined {
    let run = runs.getStore();
    while (run !== undefined && run.clock !== this) run = run.outer;
    return run;
  }

  /** Something goes on, though no timer says so. */
  touch(): void {
    this.#activity++;
  }

  /** Runs what is not to be hurried, unless it waits on this clock itself. */
  async holding<T>(act: () => T | Promise<T>): Promise<T> {
    this.#held++;
    const run = new Run(this, () => {
      this.#held--;
      this.#kick();
    });
    try {
      return await runs.run(run, act);
    } finally {
      run.release();
    }
  }

  #kick(): void {
    this.#activity++;
    if (!this.#pumping && this.#mayMove) void this.#pump();
  }

  get #mayMove(): boolean {
    if (!this.#auto || this.#waiting === 0 || this.#advancing > 0 || this.awaited === 0) return false;
    return this.#held === 0 || this.#sleeping > 0;
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    while (this.#mayMove) {
      const before = this.#activity;
      await settle(QUIET_TURNS);
      if (this.#activity !== before || !this.#mayMove) continue;
      this.fireNext();
    }
    this.#pumping = false;
  }
}

/** The process's own time, be it real or that of fake timers. */
export class ProcessClock implements TestClock {
  readonly now = systemClock.now;
  readonly wallNow = systemClock.wallNow;
  readonly setTimeout = systemClock.setTimeout;
  readonly clearTimeout = systemClock.clearTimeout;
  readonly auto = false;

  advance(): Promise<void> {
    return Promise.reject(new MeshError('ERR_INVALID_ARGUMENT', "the clock of this test mesh is the process's own ({ clock: 'real' }): advance its fake timers, or leave the option out"));
  }

  sleep(time: DurationInput): Promise<void> {
    return new Promise((resolve) => void this.setTimeout(resolve, durationMs(time)));
  }

  timeout(time: DurationInput): AbortSignal {
    return timeoutSignal(this, time);
  }
}

function timeoutSignal(clock: Clock, time: DurationInput): AbortSignal {
  const controller = new AbortController();
  clock.setTimeout(() => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), durationMs(time));
  return controller.signal;
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
