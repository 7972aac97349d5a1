import { formatOrigin } from '../common/origin.ts';
import { describeAction } from '../route/describe-action.ts';
import { describeConditions } from '../route/explain-match.ts';
import type { RouteTable } from '../route/route-table.ts';
import type { Mesh } from '../mesh.ts';
import { withMesh, type ConfigOptions } from './config-options.ts';
import { harmless } from './style.ts';
import { table } from './table.ts';
import type { ExitCode, Terminal } from './terminal.ts';

/** One route as `--json` prints it. */
export interface RouteRow {
  readonly port: number;
  /** Present for calls to `https://` URLs, which have a table of their own. */
  readonly scheme?: 'https';
  readonly virtualHost: string;
  readonly domains: readonly string[];
  readonly name?: string;
  /** All of which must hold; none: every request matches. */
  readonly conditions: readonly string[];
  readonly action: readonly string[];
  /** `VirtualService default/reviews spec.http[0] (mesh.yaml:8)` */
  readonly origin?: string;
}

/** Every route of the rules in force, in the order in which they are tried. */
export function routeRows({ snapshot: { routes, httpsRoutes } }: Pick<Mesh, 'snapshot'>): RouteRow[] {
  return [...rowsOf(routes), ...rowsOf(httpsRoutes).map((row) => ({ ...row, scheme: 'https' as const }))];
}

function rowsOf(routes: RouteTable): RouteRow[] {
  return routes.configurations.flatMap(({ port, hosts, virtualHosts }) =>
    virtualHosts.flatMap(({ name, domains }) =>
      // Of equal names on one port the first counts, so it is found by any of its domains.
      (routes.virtualHost(port, domains[0] === '*' ? 'unknown.invalid' : domains[0]!.replace('*', 'x'), hosts?.[0])?.routes ?? []).map((route) => ({
        port,
        virtualHost: name,
        domains,
        ...(route.name !== undefined && { name: route.name }),
        conditions: describeConditions(route.matcher),
        action: describeAction(route),
        ...(route.origin !== undefined && { origin: formatOrigin(route.origin) }),
      })),
    ),
  );
}

/** `ts-mesh routes`: what the rules come to, port by port. */
export function routes(options: ConfigOptions & { readonly json?: boolean }, terminal: Terminal): Promise<ExitCode> {
  return withMesh(options, terminal, (mesh) => {
    const rows = routeRows(mesh);
    if (options.json === true) terminal.out(JSON.stringify(rows, null, 2));
    else if (rows.length === 0) terminal.out('There are no routes: no service with an HTTP port is declared (add a Service or a ServiceEntry, or endpoints in code).');
    else {
      const cells = rows.map(({ port, scheme, virtualHost, conditions, action, origin = '' }) =>
        [scheme === undefined ? String(port) : `${port} ${scheme}`, virtualHost, conditions.join(', ') || '(everything)', `${action.join('; ')}  ${origin}`].map(harmless),
      );
      terminal.out(table(['PORT', 'VIRTUAL HOST', 'WHEN', 'THEN'], cells, terminal.isScreen ? terminal.columns : Infinity));
    }
    return 0;
  });
}
