import type { RouteExplanation, RouteTrial } from '../common/explanation.ts';
import { formatOrigin, type Origin } from '../common/origin.ts';
import { hostOf } from './authority.ts';
import { describeAction } from './describe-action.ts';
import { describeConditions, firstFailure } from './explain-match.ts';
import type { HostTable } from './host-table.ts';
import type { RequestHead } from './model.ts';
import type { Route } from './route.ts';
import { similarNames } from './similar-names.ts';

/**
 * See `RouteTable.explain`.
 *
 * @param table - the virtual hosts of the call's listener; absent: it has none
 * @param portsOf - the ports on which a Host is known
 */
export function explainRoute(table: HostTable | undefined, head: RequestHead, portsOf: (authority: string) => readonly number[]): RouteExplanation {
  const { port, authority } = head;
  const found = table?.lookUp(authority);
  const unknown = found === undefined || found.domain === '*';
  const hints = {
    knownOnPorts: unknown ? portsOf(authority) : [],
    similarHosts: unknown && table !== undefined ? similarNames(hostOf(authority), table.hosts()) : [],
  };
  if (found === undefined) {
    const outcome = table === undefined ? 'no-listener' : 'unknown-host';
    return { port, authority, outcome, trials: [], action: [], skipped: [], ...hints };
  }
  const { virtualHost, domain } = found;
  const trials: RouteTrial[] = [];
  let match: Route | undefined;
  for (const route of virtualHost.routes) {
    const failure = firstFailure(route.matcher, head);
    const reason = failure ?? (describeConditions(route.matcher).join(', ') || 'matches every request');
    trials.push({ name: route.name, origin: route.origin, matched: failure === undefined, reason });
    if (failure === undefined) {
      match = route;
      break;
    }
  }
  return {
    port,
    authority,
    outcome: match === undefined ? 'no-route' : 'routed',
    virtualHost: { name: virtualHost.name, domain, origin: virtualHost.spec.origin },
    trials,
    action: match === undefined ? [] : describeAction(match, head),
    skipped: virtualHost.spec.skipped ?? [],
    ...hints,
  };
}

/** Several lines of text, without a line break at the end. */
export function formatExplanation(explanation: RouteExplanation): string {
  const { port, authority, virtualHost, trials, action, skipped, knownOnPorts, similarHosts } = explanation;
  const lines = [`${authority} on port ${port}: ${summary(explanation)}`];
  if (virtualHost !== undefined) {
    lines.push(`  virtual host ${virtualHost.name}, by domain ${virtualHost.domain}${from(virtualHost.origin)}`);
  }
  for (const { matched, reason, name, origin } of trials) {
    lines.push(`  ${matched ? '✓' : '✗'} ${origin === undefined ? (name ?? 'route') : formatOrigin(origin)}: ${reason}`);
  }
  lines.push(...action.map((phrase) => `    → ${phrase}`));
  lines.push(...skipped.map(({ origin, reason }) => `  - skipped ${formatOrigin(origin)}: ${reason}`));
  if (knownOnPorts.length > 0) lines.push(`  this host is known on port ${knownOnPorts.join(', ')}`);
  if (similarHosts.length > 0) lines.push(`  similar hosts: ${similarHosts.join(', ')}`);
  return lines.join('\n');
}

function summary({ outcome, port }: RouteExplanation): string {
  switch (outcome) {
    case 'routed':
      return 'routed';
    case 'no-route':
      return '404 NR, no route of its virtual host matches';
    case 'unknown-host':
      return 'no virtual host has this host';
    case 'no-listener':
      return `no HTTP service has port ${port}`;
  }
}

function from(origin: Origin | undefined): string {
  return origin === undefined ? '' : `, from ${formatOrigin(origin)}`;
}

