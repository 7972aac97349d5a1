import { prefixOf } from '../rules.ts';
import type { MakeDecider, Table } from './decider.ts';

// Routers of web servers decide by method and path alone, so they get the paths of one host as `prefix*`: no two of ours
// take the same path, so that the order of rules, which these have no notion of, makes no difference.

/** Fastify's. */
export const findMyWay: MakeDecider = async (table) => {
  const { default: createRouter } = await import('find-my-way');
  const router = createRouter();
  for (const rule of rulesOfOneHost(table)) router.on('GET', `${prefixOf(rule)}*`, () => {}, String(rule));
  return { decide: ({ path }) => router.find('GET', path)?.store as string | undefined, close: async () => {} };
};

/** Hono's own choice: one large regular expression where it can be made, else a tree. */
export const honoSmart: MakeDecider = async (table) => {
  const { SmartRouter } = await import('hono/router/smart-router');
  const { RegExpRouter } = await import('hono/router/reg-exp-router');
  const { TrieRouter } = await import('hono/router/trie-router');
  return honoDecider(new SmartRouter<string>({ routers: [new RegExpRouter(), new TrieRouter()] }), table);
};

/** Hono's tree. */
export const honoTrie: MakeDecider = async (table) => {
  const { TrieRouter } = await import('hono/router/trie-router');
  return honoDecider(new TrieRouter<string>(), table);
};

interface HonoRouter {
  add(method: string, path: string, handler: string): void;
  match(method: string, path: string): readonly [readonly (readonly [string, unknown])[], ...unknown[]];
}

function honoDecider(router: HonoRouter, table: Table): Awaited<ReturnType<MakeDecider>> {
  for (const rule of rulesOfOneHost(table)) router.add('GET', `${prefixOf(rule)}*`, String(rule));
  return {
    decide(call) {
      // Hono cuts the query off before it asks its router.
      const query = call.path.indexOf('?');
      return router.match('GET', query < 0 ? call.path : call.path.slice(0, query))[0][0]?.[0];
    },
    close: async () => {},
  };
}

function rulesOfOneHost(table: Table): number[] {
  if (table?.hosts !== 1) throw new Error('routers of web servers know one host');
  return Array.from({ length: table.rulesPerHost }, (_, rule) => rule);
}
