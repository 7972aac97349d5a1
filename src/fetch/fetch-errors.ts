import { isNativeError } from 'node:util/types';

/**
 * Rejects as a call does: fetch says no more than `fetch failed` and puts the reason into `cause`.
 *
 * The promise of the call is to be resolved with it at once. Then the stack of the error tells who awaits the call, where that of
 * an error made by an event of a socket knows nobody.
 */
export async function networkError(reason: unknown): Promise<never> {
  // V8 follows promises from here to those who wait; the promise of the call is one of them after the second turn.
  await undefined;
  await undefined;
  throw new TypeError('fetch failed', { cause: causeOf(reason) });
}

/** What readers of a body get when the connection breaks after the headers. */
export function terminated(reason: unknown): TypeError {
  return new TypeError('terminated', { cause: isErrorLike(reason) ? reason : undefined });
}

function causeOf(reason: unknown): unknown {
  if (!isErrorLike(reason)) return new Error(reason === undefined ? undefined : String(reason));
  if (reason.name !== 'AbortError') return reason;
  // Aborted by someone below (a pool that was destroyed), not by the caller's signal.
  return Object.assign(new DOMException('Request was cancelled.'), { cause: reason });
}

// By kind and not by `instanceof`: under Jest the errors of Node come from another realm.
function isErrorLike(reason: unknown): reason is Error {
  return isNativeError(reason) || reason instanceof DOMException;
}
