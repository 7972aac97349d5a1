import type { Mesh } from '../mesh.ts';
import { headersOf, requestLines, withMesh, type ConfigOptions } from './config-options.ts';
import { parsed } from './explain.ts';
import { routeRows, type RouteRow } from './routes.ts';
import { harmless, styleOf } from './style.ts';
import type { ExitCode, Terminal } from './terminal.ts';

export interface DiffOptions extends Omit<ConfigOptions, 'config'> {
  readonly url?: readonly string[];
  /** A file with a request on each line. */
  readonly requests?: string;
  readonly header?: readonly string[];
  readonly method?: string;
  readonly json?: boolean;
}

/** What a change of the rules changes. */
export interface RulesDiff {
  readonly resources: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly routes: { readonly added: readonly RouteRow[]; readonly removed: readonly RouteRow[] };
  /** The given requests that go elsewhere, or are treated otherwise. */
  readonly requests: readonly { readonly request: string; readonly before: string; readonly after: string }[];
}

/** `ts-mesh diff OLD NEW`: what a change would change, for the routes and for given requests. Exit 0 also when there are differences. */
export async function diff(before: string, after: string, options: DiffOptions, terminal: Terminal): Promise<ExitCode> {
  const headers = headersOf(options.header ?? []);
  const asked = [
    ...(options.url ?? []).map((url) => ({ method: options.method ?? 'GET', url })),
    ...(options.requests === undefined ? [] : await requestLines(options.requests)),
  ].map((request) => ({ ...request, url: parsed(request.url).href }));
  return withMesh({ ...options, config: [before] }, terminal, (old) =>
    withMesh({ ...options, config: [after] }, terminal, (now) => {
      const result: RulesDiff = {
        resources: only(resourceNames(old), resourceNames(now), (name) => name),
        routes: only(routeRows(old), routeRows(now), ({ origin: _, ...row }) => JSON.stringify(row)),
        requests: asked.flatMap(({ method, url }) => {
          const [was, is] = [old, now].map((mesh) => decision(mesh, url, method, headers)) as [string, string];
          return was === is ? [] : [{ request: `${method} ${url}`, before: was, after: is }];
        }),
      };
      if (options.json === true) terminal.out(JSON.stringify(result, null, 2));
      else print(result, asked.length, terminal);
      return 0 as const;
    }),
  );
}

function resourceNames(mesh: Mesh): string[] {
  return mesh.snapshot.resources.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
}

function only<T>(before: readonly T[], after: readonly T[], keyOf: (item: T) => string): { added: T[]; removed: T[] } {
  const known = new Set(before.map(keyOf));
  const kept = new Set(after.map(keyOf));
  return { added: after.filter((item) => !known.has(keyOf(item))), removed: before.filter((item) => !kept.has(keyOf(item))) };
}

/** What happens to a request, in a few words that stay the same as long as it does. */
function decision(mesh: Mesh, url: string, method: string, headers: Record<string, string>): string {
  const { kind, route, destinations } = mesh.explain(url, { method, headers });
  if (kind !== 'mesh') return kind;
  if (route.outcome !== 'routed') return route.outcome === 'no-route' ? '404 NR' : route.outcome;
  const shares = destinations.map(
    ({ cluster, share, outcome, endpoints }) => `${cluster} ${Math.round(share * 100) / 100} %${outcome === 'ok' ? ` to ${endpoints.length} endpoints` : ` 503 ${outcome}`}`,
  );
  return [...route.action, ...shares].join('; ');
}

function print({ resources, routes, requests }: RulesDiff, asked: number, terminal: Terminal): void {
  const style = styleOf(terminal);
  const list = (sign: '+' | '-', lines: readonly string[]): void => {
    for (const line of lines) terminal.out(style[sign === '+' ? 'good' : 'error'](harmless(`${sign} ${line}`)));
  };
  const route = ({ port, scheme, virtualHost, conditions, action }: RouteRow): string =>
    `${virtualHost} (port ${port}${scheme === undefined ? '' : `, ${scheme}`}): ${conditions.join(', ') || '(everything)'} → ${action.join('; ')}`;
  list('-', resources.removed);
  list('+', resources.added);
  list('-', routes.removed.map(route));
  list('+', routes.added.map(route));
  for (const { request, before, after } of requests) {
    terminal.out(style.bold(harmless(request)));
    list('-', [before]);
    list('+', [after]);
  }
  const changes = resources.added.length + resources.removed.length + routes.added.length + routes.removed.length + requests.length;
  if (changes === 0) terminal.out(`Nothing changes${asked === 0 ? ' in the routes (name requests by --url to compare what becomes of them)' : ` for the routes and ${asked} requests`}.`);
  else if (asked > 0) terminal.out(`${requests.length} of ${asked} requests are treated otherwise.`);
}
