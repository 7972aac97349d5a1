/** What a caller can see of a response without reading its body. */
export function headOf(response: Response): Record<string, unknown> {
  const { status, statusText, ok, url, redirected, type, bodyUsed } = response;
  return {
    status, statusText, ok, url, redirected, type, bodyUsed,
    headers: [...response.headers].filter(([name]) => name !== 'date'),
    setCookie: response.headers.getSetCookie(),
    instance: response instanceof Response,
  };
}

/** Head and text. */
export async function wholeOf(response: Response): Promise<Record<string, unknown>> {
  return { ...headOf(response), text: await outcomeOf(response.text()), usedAfter: response.bodyUsed };
}

/** The value or the error of a promise, as data. */
export async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error: describeError(error) };
  }
}

/** The value or the error of a call, as data. */
export function resultOf(run: () => unknown): unknown {
  try {
    return { value: run() };
  } catch (error) {
    return { error: describeError(error) };
  }
}

/** An error as data: class, name, message, code, and the same of its cause. */
export function describeError(error: unknown, depth = 0): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { name, message, code, cause } = error as Error & { code?: unknown };
  const type = error.constructor.name;
  return depth > 2 || cause === undefined
    ? { type, name, message, code }
    : { type, name, message, code, cause: describeError(cause, depth + 1) };
}

/** The chunks of a stream in one text, and how it ended. */
export async function drain(stream: ReadableStream<Uint8Array>): Promise<unknown> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
    return { text };
  } catch (error) {
    return { text, error: describeError(error) };
  }
}

/** A promise that `ms` after now rejects: nothing here may hang. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T | 'still waiting'> {
  const { promise: late, resolve } = Promise.withResolvers<'still waiting'>();
  const timer = setTimeout(() => resolve('still waiting'), ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
