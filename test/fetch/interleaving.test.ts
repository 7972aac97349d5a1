import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { Dispatcher } from 'undici';
import { expect, it } from 'vitest';
import { NativeLane } from '../../src/fetch/native-lane.ts';
import { createFetch, type Dispatch } from '../../src/mesh-fetch.ts';
import { describeError } from './differential/observe.ts';

/** One connection, played by hand. */
class Wire implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  aborts = 0;
  #handler: Dispatcher.DispatchHandler | undefined;
  #over = false;

  readonly dispatch: Dispatch = (_options, handler) => {
    this.#handler = handler;
    handler.onRequestStart!(this, undefined);
    return true;
  };

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  // As undici does: nothing more comes, and the handler hears of it at once.
  abort(reason: Error): void {
    if (this.#over) return;
    this.aborted = true;
    this.aborts++;
    this.reason = reason;
    this.#finish((handler) => handler.onResponseError!(this, reason));
  }

  head(): void {
    if (!this.#over) this.#handler!.onResponseStart!(this, 200, { 'content-type': 'application/json' }, 'OK');
  }

  chunk(text: string): void {
    if (!this.#over) this.#handler!.onResponseData!(this, Buffer.from(text));
  }

  end(): void {
    this.#finish((handler) => handler.onResponseEnd!(this, {}));
  }

  error(): void {
    this.#finish((handler) => handler.onResponseError!(this, new RangeError('cut')));
  }

  #finish(how: (handler: Dispatcher.DispatchHandler) => void): void {
    if (this.#over) return;
    this.#over = true;
    how(this.#handler!);
  }
}

const STEPS = ['chunk', 'chunk', 'number', 'end', 'error', 'abort', 'text', 'json', 'bytes', 'look', 'read', 'read', 'release', 'cancel', 'clone', 'text of clone', 'read of clone'] as const;
type Step = (typeof STEPS)[number];

const settle = async (): Promise<void> => {
  for (let i = 0; i < 4; i++) await setImmediate();
};

/** Plays `steps`, one after the other, and tells what a caller saw. */
async function play(steps: readonly Step[], fetchOver: (dispatch: Dispatch) => typeof fetch): Promise<unknown> {
  const wire = new Wire();
  const aborter = new AbortController();
  const log: unknown[] = [];
  const answer = fetchOver(wire.dispatch)('http://a/', { signal: aborter.signal });
  wire.head();
  const responses = [await answer];
  const readers: (ReadableStreamDefaultReader<Uint8Array> | undefined)[] = [];
  const note = (name: string, run: () => unknown): void => {
    const entry: unknown[] = [name, 'pending'];
    log.push(entry);
    try {
      void Promise.resolve(run()).then(
        (value) => {
          entry[1] = value;
        },
        (error: unknown) => {
          entry[1] = describeError(error);
        },
      );
    } catch (error) {
      entry[1] = describeError(error);
    }
  };
  const read = (which: number) => async (): Promise<unknown> => {
    const { value, done } = await (readers[which] ??= responses[which]!.body!.getReader()).read();
    return [done, value && Buffer.from(value).toString()];
  };
  const play: Record<Step, () => void> = {
    chunk: () => wire.chunk(' "abc" '),
    number: () => wire.chunk('1'),
    end: () => wire.end(),
    error: () => wire.error(),
    abort: () => aborter.abort('stop'),
    text: () => note('text', () => responses[0]!.text()),
    json: () => note('json', () => responses[0]!.json()),
    bytes: () => note('bytes', async () => (await responses[0]!.bytes()).length),
    look: () => note('look', () => [responses[0]!.body!.locked]),
    read: () => note('read', read(0)),
    release: () => {
      readers[0]?.releaseLock();
      readers[0] = undefined;
    },
    cancel: () => note('cancel', () => (readers[0] ?? responses[0]!.body!).cancel('enough')),
    clone: () => note('clone', () => void (responses[1] ??= responses[0]!.clone())),
    'text of clone': () => responses[1] && note('text of clone', () => responses[1]!.text()),
    'read of clone': () => responses[1] && note('read of clone', read(1)),
  };
  for (const step of steps) {
    play[step]();
    await settle();
    log.push([step, responses.map((response) => response.bodyUsed)]);
  }
  await settle();
  return { log, aborts: wire.aborts };
}

const undici = Number.parseInt(process.versions.undici!, 10);

// What depends on the version of Node and is not the contract: how many chunks one read gives (those that wait are given
// together by us and by undici 7), and the reason of an abort after the head (undici 6 has one of its own).
function isComparable(steps: readonly Step[]): boolean {
  if (undici === 6 && steps.includes('abort')) return false;
  const flow = steps.filter((step) => step === 'chunk' || step === 'number' || step === 'read');
  return undici === 7 || flow.every((step, i) => step === 'read' || i === 0 || flow[i - 1] === 'read');
}

it('whatever happens in whatever order, a caller sees what the native fetch shows', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { maxLength: 12 }).filter(isComparable), async (steps) => {
      const lean = await play(steps, (dispatch) => createFetch({ dispatch }));
      const native = await play(steps, (dispatch) => {
        const lane = new NativeLane(globalThis.fetch, dispatch);
        return (...args) => lane.call(args);
      });
      expect(lean).toEqual(native);
    }),
    { numRuns: 400 },
  );
});
