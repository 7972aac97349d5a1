import { formatOrigin, type Origin } from '../common/origin.ts';
import { hostOf } from './authority.ts';
import { describeAction } from './describe-action.ts';
import { describeConditions, firstFailure } from './explain-match.ts';
import type { HostTable } from './host-table.ts';
import type { RequestHead, SkippedRule } from './model.ts';
import type { Route } from './route.ts';
import { similarNames } from './similar-names.ts';

/** Why a request goes where it goes, as plain data. */
export interface RouteExplanation {
  readonly port: number;
  /** The Host as the caller wrote it. */
  readonly authority: string;
  /**
   * `routed`; `no-route`: the virtual host has none for this request, which is 404 `NR`; `unknown-host`: no virtual host
   * wants the Host; `no-listener`: no HTTP service has this port, so the call is none of the mesh's.
   */
  readonly outcome: 'routed' | 'no-route' | 'unknown-host' | 'no-listener';
  readonly virtualHost?: {
    readonly name: string;
    /** The domain that the Host fits, such as `reviews` or `*.example.com`; `*` takes what nothing else wants. */
    readonly domain: string;
    readonly origin?: Origin;
  };
  /** The routes tried, in order, the matching one last. */
  readonly trials: readonly RouteTrial[];
  /** What the matching route does. */
  readonly action: readonly string[];
  /** Rules of this virtual host that cannot apply to this caller or port, with the reason. */
  readonly skipped: readonly SkippedRule[];
  /** When no domain but `*` fits: the ports on which this host is known. */
  readonly knownOnPorts: readonly number[];
  /** When no domain but `*` fits: hosts of this port that look like it, the nearest first. */
  readonly similarHosts: readonly string[];
}

/** One route and whether it matched. */
export interface RouteTrial {
  readonly name?: string;
  readonly origin?: Origin;
  readonly matched: boolean;
  /** All conditions that held, or the first that failed with its expected and actual value. */
  readonly reason: string;
}

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
    action: match === undefined ? [] : describeAction(match),
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

