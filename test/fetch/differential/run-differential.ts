import { restoreNativeAgent } from './native-first.ts';
import { describe, expect, it } from 'vitest';
import { aborts } from './exchanges/aborts.ts';
import { bodies } from './exchanges/bodies.ts';
import { failures } from './exchanges/failures.ts';
import { objects } from './exchanges/objects.ts';
import { readers } from './exchanges/readers.ts';
import { redirects } from './exchanges/redirects.ts';
import { requests } from './exchanges/requests.ts';
import { responses } from './exchanges/responses.ts';
import { within } from './observe.ts';
import type { Fetch, Place, ScriptedExchange, SeenRequest } from './script.ts';
import { startServer } from './server.ts';

/** All scripted exchanges, by what they are about. */
export const exchanges: Readonly<Record<string, readonly ScriptedExchange[]>> = {
  requests, bodies, responses, readers, redirects, failures, aborts, objects,
};

/** The fetch under test, for the server at `place`. */
export type MakeFetch = (place: Place) => Promise<{ fetch: Fetch; close(): Promise<void> }>;

/** What is known to differ, each with its reason. */
export interface Tolerance {
  /** Exchanges that are known to differ: name → reason. */
  readonly differs?: Readonly<Record<string, string>>;
  /** Headers the server sees and the other one doesn't, or the other way round: not compared. */
  readonly requestHeader?: (name: string) => boolean;
  /** Headers of responses that are not compared, wherever they are listed with their values. */
  readonly responseHeader?: (name: string) => boolean;
  /** Rewrites what was observed before it is compared, the same way for both. */
  readonly normalize?: (observed: unknown) => unknown;
}

// The boundary of a form is random.
const BOUNDARY = /formdata-undici-0\d+/g;

interface Observed {
  readonly caller: unknown;
  readonly server: readonly SeenRequest[];
}

/** Runs every exchange with the global fetch and with the one `makeFetch` makes; whatever either side sees must be equal. */
export function runDifferential(makeFetch: MakeFetch, tolerance: Tolerance = {}): void {
  const { differs = {}, normalize = (observed) => observed } = tolerance;
  for (const [topic, list] of Object.entries(exchanges)) {
    describe(topic, () => {
      for (const exchange of list) {
        const difference = differs[exchange.name];
        it(difference === undefined ? exchange.name : `${exchange.name}: differs, ${difference}`, async () => {
          const expected = await observe(exchange, nativeFetch);
          const actual = await observe(exchange, makeFetch);
          if (difference !== undefined) {
            // A difference that is gone must leave the list.
            expect(normalize(clean(actual, tolerance))).not.toEqual(normalize(clean(expected, tolerance)));
            return;
          }
          expect(normalize(clean(actual, tolerance))).toEqual(normalize(clean(expected, tolerance)));
          expect(JSON.stringify(expected.caller ?? null)).not.toContain('still waiting');
        });
      }
    });
  }
}

function nativeFetch(): ReturnType<MakeFetch> {
  restoreNativeAgent();
  return Promise.resolve({ fetch: globalThis.fetch, close: async () => {} });
}

async function observe(exchange: ScriptedExchange, makeFetch: MakeFetch): Promise<Observed> {
  await using server = await startServer(exchange);
  const { place } = server;
  const { fetch, close } = await makeFetch(place);
  try {
    const caller = await within(4000, exchange.call(fetch, place));
    const text = (JSON.stringify({ caller, server: server.seen }) ?? '').replaceAll(String(place.port), 'PORT').replaceAll(BOUNDARY, 'BOUNDARY');
    return JSON.parse(text) as Observed;
  } finally {
    await close();
  }
}

function isLine(item: unknown): item is [name: string, value: string] {
  return Array.isArray(item) && item.length === 2 && typeof item[0] === 'string' && typeof item[1] === 'string';
}

function clean({ caller, server }: Observed, { requestHeader, responseHeader }: Tolerance): Observed {
  return {
    caller: responseHeader === undefined ? caller : JSON.parse(JSON.stringify(caller), (_key, value: unknown) =>
      Array.isArray(value) ? value.filter((item) => !(isLine(item) && responseHeader(item[0]))) : value),
    server: server.map((request) => ({
      ...request,
      headers: request.headers.filter((line) => requestHeader?.(line.slice(0, line.indexOf(':'))) !== true),
    })),
  };
}
