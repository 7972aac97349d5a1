import type { Dispatcher } from 'undici';
import type { RequestBody } from './request-body.ts';

/** The body of a copy: begun to read at once, though the copy may have to wait, so that the original can't run away from it. */
export class CopiedBody implements RequestBody {
  readonly #original: RequestBody;
  #reserved: Dispatcher.DispatchOptions['body'];
  /** Whether the original was given up before all of it was there. */
  cut = false;

  constructor(original: RequestBody) {
    this.#original = original;
    if (original.complete) return;
    this.#reserved = original.open();
    original.onCancel(() => (this.cut = true));
  }

  get complete(): boolean {
    return this.#original.complete;
  }

  get replayable(): boolean {
    return this.#original.replayable;
  }

  get empty(): boolean {
    return this.#original.empty;
  }

  get failure(): RequestBody['failure'] {
    return this.#original.failure;
  }

  get bytes(): number {
    return this.#original.bytes;
  }

  open(): Dispatcher.DispatchOptions['body'] {
    const body = this.#reserved ?? this.#original.open();
    this.#reserved = undefined;
    return body;
  }

  onComplete(listener: () => void): void {
    this.#original.onComplete(listener);
  }

  onCancel(listener: (reason: unknown) => void): void {
    this.#original.onCancel(listener);
  }

  /** The original is not the copy's to end. */
  cancel(): void {}

  /** It will not be read any more. */
  release(): void {
    const reserved = this.#reserved as Partial<AsyncIterator<unknown>> | undefined;
    this.#reserved = undefined;
    void reserved?.return?.();
  }
}
