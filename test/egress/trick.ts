import { request } from 'undici';
import type { World } from './world.ts';

/** What a caller gets. `registered`: the answer of a registered endpoint. */
export type Outcome = '502' | 'ERR_EGRESS_BLOCKED' | 'registered' | (string & {});

/** One way to try to get out, through one or several doors. */
export interface Trick {
  readonly trick: string;
  /** For the table; of {@link attempts} the names of their doors. */
  readonly outcome: Outcome;
  /** Whether it counts as an attempt to get out; others are no calls at all, or stay inside. Default: what a refusal is. */
  readonly blocked?: boolean;
  /** Answers of DNS, the first look-up's first. All other names lead to the canary. */
  readonly dns?: Readonly<Record<string, readonly string[][]>>;
  readonly attempts: readonly Attempt[];
}

export interface Attempt {
  readonly door: string;
  run(world: World): Promise<unknown>;
}

/** What of a call a door is told. */
export interface Call {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
}

/** A door for HTTP calls. */
export interface Door {
  readonly door: string;
  call(world: World, call: Call): Promise<unknown>;
}

export const FETCH: Door = {
  door: 'mesh.fetch',
  call: ({ mesh }, { url, ...init }) => mesh.fetch(url, init as RequestInit),
};

/** What the lean lane leaves to Node's own fetch. */
export const NATIVE_FETCH: Door = {
  door: 'mesh.fetch, native lane',
  call: ({ mesh }, { url, ...init }) => mesh.fetch(url, { ...init, cache: 'no-store' } as RequestInit),
};

export const REQUEST: Door = {
  door: 'mesh.request',
  call: ({ mesh }, { url, ...options }) => mesh.request(url, options),
};

export const DISPATCHER: Door = {
  door: 'undici.request, dispatcher',
  call: ({ mesh }, { url, ...options }) => request(url, { ...options, dispatcher: mesh.dispatcher } as never),
};

export const INSTALLED: Door = {
  door: 'global fetch, install()',
  async call({ mesh }, { url, ...init }) {
    const uninstall = mesh.install();
    try {
      return await globalThis.fetch(url, init as RequestInit);
    } finally {
      uninstall();
    }
  },
};

export const FETCHES: readonly Door[] = [FETCH, NATIVE_FETCH, INSTALLED];
export const REQUESTS: readonly Door[] = [REQUEST, DISPATCHER];
export const HTTP_DOORS: readonly Door[] = [...FETCHES, ...REQUESTS];

/** The same call at several doors. */
export function through(doors: readonly Door[], callOf: (world: World) => Call): Attempt[] {
  return doors.map(({ door, call }) => ({ door, run: (world) => call(world, callOf(world)) }));
}

/**
 * What became of an attempt: a status, a code, or that the registered endpoint or the canary answered.
 *
 * @param onError - told what it failed with
 */
export async function outcomeOf(attempt: () => Promise<unknown>, onError: (error: unknown) => void = () => {}): Promise<Outcome> {
  let answer: unknown;
  try {
    // undici's own functions throw at once for what is no URL.
    answer = await attempt();
  } catch (error) {
    onError(error);
    return codeOf(error);
  }
  if (typeof answer === 'string') return answer;
  const { status, statusCode = status, body, text } = answer as { status?: number; statusCode?: number; body?: { text?(): Promise<string> }; text?(): Promise<string> };
  if (statusCode === undefined) return 'connected';
  const said = text === undefined ? await body?.text?.() : await text.call(answer);
  return statusCode === 200 ? (said ?? '200') : String(statusCode);
}

/** fetch wraps what went wrong. */
function codeOf(error: unknown): string {
  const { code, cause, name } = error as { code?: unknown; cause?: unknown; name: string };
  if (typeof code === 'string') return code;
  return cause === undefined ? name : codeOf(cause);
}
