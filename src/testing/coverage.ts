import { formatOrigin, type Origin } from '../common/origin.ts';
import { originOf, resourceName, type Resource } from '../config/resource.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { RouteSpec } from '../route/model.ts';
import { clusterParts } from './service-names.ts';

/** Something in a rule that a test may reach or not. */
export interface CoveredRule {
  /**
   * `route`: a rule of a VirtualService, or one entry of its `match`; `destination`: one of several of its `route`; `delay`, `abort`: of its
   * `fault`; `mirror`: a copy that arrived.
   */
  readonly kind: 'route' | 'destination' | 'delay' | 'abort' | 'mirror';
  /** With file and line. */
  readonly origin: Origin;
  /** In words, such as `destination reviews.default.svc.cluster.local v2 (weight 10) of VirtualService default/reviews spec.http[0].route[1] (reviews.yaml:12)`. */
  readonly text: string;
  /** How many calls. */
  readonly calls: number;
}

/** What tests reached of the rules. */
export interface CoverageReport {
  /** In the order of files and lines. */
  readonly rules: readonly CoveredRule[];
  readonly reached: number;
  /** From 0 to 1; 1 where there are no rules. */
  readonly share: number;
  readonly unreached: readonly CoveredRule[];
  /** {@link formatCoverage} */
  toString(): string;
}

/** What a call met. */
export interface CallOutcome {
  readonly cluster?: string | undefined;
  readonly delayed?: boolean;
  readonly aborted?: boolean;
}

interface Entry {
  readonly kind: CoveredRule['kind'];
  readonly origin: Origin;
  readonly about: string;
  calls: number;
}

/**
 * Which rules calls have reached. Give one to several test meshes (`createTestMesh(yaml, { coverage })`) to add up what a whole file of tests
 * reaches. Rules are told apart by file, line and path, so texts in code need names: `{ text, file: 'reviews.yaml' }`.
 *
 * Rules that can't apply to the mesh's caller are none. TCP and TLS rules are not looked at.
 */
export class RouteCoverage {
  readonly #entries = new Map<string, Entry>();
  /** What there is to reach in each route that was declared. */
  readonly #parts = new WeakMap<RouteSpec, readonly (readonly [Part, Entry])[]>();

  /** Adds the rules of `snapshot`, which none has reached yet, unless they are known. */
  declare({ routes, httpsRoutes, resources }: Pick<Snapshot, 'routes' | 'httpsRoutes' | 'resources'>): void {
    const byName = new Map(resources.map((resource) => [resourceName(resource), resource]));
    for (const { virtualHosts } of [...routes.configurations, ...httpsRoutes.configurations]) {
      for (const virtualHost of virtualHosts) for (const route of virtualHost.routes) this.#declareRoute(route, byName);
    }
  }

  #declareRoute(route: RouteSpec, resources: ReadonlyMap<string, Resource>): void {
    const { origin } = route;
    // What no VirtualService wrote is nothing to test.
    const resource = origin?.kind === 'VirtualService' ? resources.get(resourceName(origin)) : undefined;
    if (resource === undefined) return;
    this.#parts.set(route, partsOf(route, origin!, resource).map((part) => [part, this.#entryOf(part)]));
  }

  /** Counts a call that took `route`, which was declared. */
  reach(route: RouteSpec, outcome: CallOutcome): void {
    for (const [part, entry] of this.#parts.get(route) ?? []) if (isReached(part, outcome)) entry.calls++;
  }

  /** Counts a copy that arrived at `cluster`. */
  reachMirror(route: RouteSpec, cluster: string): void {
    for (const [part, entry] of this.#parts.get(route) ?? []) if (part.kind === 'mirror' && part.cluster === cluster) entry.calls++;
  }

  /** What was reached so far. */
  report(): CoverageReport {
    const rules = [...this.#entries.values()].sort(byPlace).map(({ kind, origin, about, calls }): CoveredRule => ({ kind, origin, text: `${about}${formatOrigin(origin)}`, calls }));
    const unreached = rules.filter(({ calls }) => calls === 0);
    const reached = rules.length - unreached.length;
    const told = { rules, reached, unreached, share: rules.length === 0 ? 1 : reached / rules.length };
    return { ...told, toString: () => formatCoverage(told) };
  }

  #entryOf({ kind, origin, about }: Part): Entry {
    const key = `${kind} ${formatOrigin(origin)}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, (entry = { kind, origin, about, calls: 0 }));
    return entry;
  }
}

/** Several lines: the share, then every rule that was not reached, with its place. */
export function formatCoverage({ rules, reached, share, unreached }: Omit<CoverageReport, 'toString'>): string {
  const lines = [`${reached} of ${rules.length} rules reached (${Math.floor(share * 1000) / 10} %)`];
  if (unreached.length > 0) lines.push('not reached:', ...unreached.map(({ text }) => `  ${text}`));
  return lines.join('\n');
}

interface Part {
  readonly kind: CoveredRule['kind'];
  readonly origin: Origin;
  readonly about: string;
  readonly cluster?: string;
}

function partsOf({ action, fault }: RouteSpec, origin: Origin, resource: Resource): Part[] {
  const parts: Part[] = [{ kind: 'route', origin, about: '' }];
  // Faults, splits and mirrors belong to the rule, whichever entry of its match was met.
  const rule = origin.path.replace(/\.match\[\d+\]$/, '');
  for (const kind of ['delay', 'abort'] as const) {
    if ((fault?.[kind]?.percentage ?? 0) > 0) parts.push({ kind, origin: originOf(resource, `${rule}.fault.${kind}`), about: `${kind} of ` });
  }
  if (action.kind !== 'forward') return parts;
  const choices = action.destinations.filter(({ weight }) => weight > 0);
  if (choices.length > 1) {
    for (const { cluster, origin: own = origin, weight } of choices) {
      const { host, subset } = clusterParts(cluster);
      parts.push({ kind: 'destination', origin: own, about: `destination ${host}${subset === '' ? '' : ` ${subset}`} (weight ${weight}) of `, cluster });
    }
  }
  for (const { cluster, origin: own = origin, percentage } of action.mirrors ?? []) {
    if (percentage > 0) parts.push({ kind: 'mirror', origin: own, about: 'mirror of ', cluster });
  }
  return parts;
}

function isReached({ kind, cluster }: Part, outcome: CallOutcome): boolean {
  switch (kind) {
    case 'route':
      return true;
    case 'destination':
      return cluster === outcome.cluster;
    case 'delay':
      return outcome.delayed === true;
    case 'abort':
      return outcome.aborted === true;
    case 'mirror':
      return false;
  }
}

function byPlace(a: Entry, b: Entry): number {
  const [one, other] = [a.origin, b.origin];
  return compare(one.file ?? '', other.file ?? '') || (one.line ?? 0) - (other.line ?? 0) || compare(one.path, other.path) || compare(a.kind, b.kind);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
