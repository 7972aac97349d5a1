import type { DestinationExplanation, Explanation } from '../common/explanation.ts';
import { formatOrigin } from '../common/origin.ts';
import { formatExplanation } from '../route/explain.ts';

/** Several lines of text, without a line break at the end. */
export function formatCall({ url, method, kind, reason, route, connection, destinations }: Omit<Explanation, 'toString'>): string {
  const lines = [`${method} ${url}`];
  if (reason !== undefined) lines.push(`${kind}: ${reason}`);
  // What the HTTP rules of this port would say does not matter to a call that is not HTTP to the mesh.
  if (method !== 'CONNECT' && (kind === 'mesh' || !url.startsWith('https:'))) lines.push(formatExplanation(route));
  if (connection?.listener !== undefined) {
    const { listener, origin, conditions } = connection;
    const chain = origin === undefined ? 'no filter chain takes it' : [formatOrigin(origin), ...conditions].join(', ');
    lines.push(`  listener ${listener}: ${chain}`);
  }
  lines.push(...destinations.flatMap(formatDestination));
  return lines.join('\n');
}

function formatDestination({ cluster, share, outcome, problem, endpoints, policies, origins }: DestinationExplanation): string[] {
  return [
    `  ${cluster} (${Math.round(share * 100) / 100} %)${outcome === 'ok' ? '' : `: 503 ${outcome}`}`,
    ...(problem === undefined ? [] : [`    ${problem}`]),
    ...endpoints.map(({ address, version, ejected }) => `    endpoint ${address}${version === undefined ? '' : ` version ${version}`}${ejected ? ' EJECTED' : ''}`),
    ...policies.map((policy) => `    ${policy}`),
    ...origins.map((origin) => `    from ${formatOrigin(origin)}`),
  ];
}
