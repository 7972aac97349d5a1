import type { ClusterSpec } from '../../cluster/model.ts';
import { LayeredMap } from '../../common/layered-map.ts';
import type { Steps } from '../../common/steps.ts';
import type { RouteTable } from '../../route/route-table.ts';
import { byPlace, issueKey } from '../compile-issues.ts';
import { CompileMemo, type Compiled } from '../compile-memo.ts';
import type { CompileOptions } from '../compile-options.ts';
import { compileParts, type Parts, type RoutingParts } from '../compile-parts.ts';
import type { ConfigIssue } from '../issue.ts';
import { MAX_COMPILE_COST } from '../limits.ts';
import type { Resource } from '../resource.ts';
import { NO_USE, type PortUse } from '../routes/port-use.ts';
import { PORT_OF_UNREGISTERED_HOSTS } from '../routes/virtual-hosts.ts';
import { sameData } from '../same-content.ts';
import type { Snapshot } from '../snapshot.ts';
import { areContested, configurationChanges, differences, nameOfListener } from './differences.ts';

const NOTHING: RoutingParts = { configurations: [], ports: NO_USE };

/**
 * Compiles a change of few resources: only what they have to do with, as it was and as it is. What these two differ in is what the snapshot differs
 * in. `undefined`: the change may concern anything, or things that depend on all resources together, which have to be compiled then.
 *
 * @param memo - what it leaves is for the snapshot that is made
 */
export function* compilePart(resources: readonly Resource[], options: CompileOptions, memo: CompileMemo): Steps<Compiled | undefined> {
  const latest = memo.latest;
  if (latest === undefined) return undefined;
  const { neighbours, mesh, workloads, snapshot } = latest;
  // What came to nothing was never in force.
  const isInStep = neighbours.resources === snapshot.resources;
  const part = neighbours.move(resources);
  yield;
  if (part === undefined || !isInStep || latest.isScoped || latest.httpsPorts.opening.has(PORT_OF_UNREGISTERED_HOSTS)) return undefined;
  const whole = { workloads, namespaces: neighbours.namespaces, open: new Set(latest.ports.opening.keys()), httpsOpen: new Set(latest.httpsPorts.opening.keys()), asksForHttps: latest.askingForHttps > 0 };
  const { endpoints = {} } = options;
  const ofPart = { ...options, endpoints: Object.fromEntries(part.endpoints.map((key) => [key, endpoints[key]!])) };
  const compile = (some: readonly Resource[]): Steps<Parts> => compileParts(some, ofPart, mesh, new CompileMemo(memo), whole);
  // What is now comes last: it is what is remembered.
  const before = yield* compile(part.before);
  yield;
  const after = yield* compile(part.after);
  yield;
  if (isForAll(before, after, part.changesAges) || (part.changesServices && isSniffed(latest.ports, before, after))) return undefined;
  return combined(latest, { before, after, isComplete: !part.hasProviders }, resources, options.version);
}

/** Whether they differ in what depends on other services too, or may differ in what order alone decides. */
function isForAll(before: Parts, after: Parts, changesAges: boolean): boolean {
  const shared = ({ listeners }: Parts) => listeners.filter(({ hosts }) => hosts === undefined);
  const isOrdered = ({ scope, listeners, routes, https = NOTHING }: Parts): boolean =>
    scope.services.some(({ subnets }) => subnets !== undefined) || [listeners, routes.configurations, https.configurations].some(areContested);
  return (
    isOrdered(before) ||
    isOrdered(after) ||
    !sameData(before.registryIssues, after.registryIssues) ||
    !sameData(shared(before), shared(after)) ||
    (changesAges && shared(after).length > 0)
  );
}

/** Whether they share listeners with services of which the order among all decides what they come to. */
function isSniffed({ sniffing }: PortUse, before: Parts, after: Parts): boolean {
  return [before, after].some(({ routes: { ports } }) => ports.sniffing.size > 0 || [...ports.having.keys()].some((port) => sniffing.has(port)));
}

/** What a part comes to. */
interface PartChange<T = Parts> {
  readonly before: T;
  readonly after: T;
  /** Whether all is in it that its services have to do with. */
  readonly isComplete: boolean;
}

function combined(latest: Compiled, { before, after, isComplete }: PartChange, resources: readonly Resource[], version: number): Compiled | undefined {
  const { snapshot } = latest;
  const cost = latest.cost + after.cost - before.cost;
  const askingForHttps = latest.askingForHttps + after.askingForHttps - before.askingForHttps;
  if (cost > MAX_COMPILE_COST || askingForHttps > 0 !== latest.askingForHttps > 0) return undefined;
  const routes = routingSince({ table: snapshot.routes, ports: latest.ports }, { before: before.routes, after: after.routes, isComplete });
  const https = routingSince({ table: snapshot.httpsRoutes, ports: latest.httpsPorts }, { before: before.https, after: after.https, isComplete });
  const listened = differences(before.listeners, after.listeners, nameOfListener);
  const listeners = snapshot.listeners.with(listened.gone, listened.come);
  if (routes === undefined || https === undefined || listeners === undefined) return undefined;
  const ruleIssues = issuesSince(latest.ruleIssues, before.ruleIssues, after.ruleIssues);
  const warnings = ruleIssues === latest.ruleIssues ? snapshot.warnings : [...latest.registryIssues, ...ruleIssues];
  const clusters = clustersSince(snapshot.clusters, before.clusters, after.clusters);
  const made: Snapshot = Object.freeze({ version, resources, routes: routes.table, httpsRoutes: https.table, listeners, clusters, settings: snapshot.settings, warnings });
  return { ...latest, snapshot: made, ports: routes.ports, httpsPorts: https.ports, askingForHttps, ruleIssues, cost };
}

/** What there is of routes after a change. */
interface Routing {
  readonly table: RouteTable;
  readonly ports: PortUse;
}

/** `undefined`: a port opens or closes that other services have, or have rules for. */
function routingSince(latest: Routing, { before = NOTHING, after = NOTHING, isComplete }: PartChange<RoutingParts | undefined>): Routing | undefined {
  const opening = summed(latest.ports.opening, before.ports.opening, after.ports.opening);
  const having = summed(latest.ports.having, before.ports.having, after.ports.having);
  const turned = new Map<number, boolean>();
  for (const port of [...before.ports.opening.keys(), ...after.ports.opening.keys()]) {
    if (latest.ports.opening.has(port) === opening.has(port)) continue;
    const others = (having.get(port) ?? 0) - (after.ports.having.get(port) ?? 0);
    if (others > 0 || !isComplete || port === PORT_OF_UNREGISTERED_HOSTS) return undefined;
    turned.set(port, opening.has(port));
  }
  const table = latest.table.with(configurationChanges(before.configurations, after.configurations, turned));
  const sniffing = summed(latest.ports.sniffing, before.ports.sniffing, after.ports.sniffing);
  return table && { table, ports: { having, opening, sniffing } };
}

function summed(latest: ReadonlyMap<number, number>, before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const sums = new Map(latest);
  for (const port of new Set([...before.keys(), ...after.keys()])) {
    const sum = (latest.get(port) ?? 0) + (after.get(port) ?? 0) - (before.get(port) ?? 0);
    if (sum === 0) sums.delete(port);
    else sums.set(port, sum);
  }
  return sums;
}

function clustersSince(latest: Snapshot['clusters'], before: readonly ClusterSpec[], after: readonly ClusterSpec[]): Snapshot['clusters'] {
  const { gone, come } = differences(before, after, ({ name }) => name);
  if (gone.length + come.length === 0) return latest;
  return LayeredMap.of(latest).with(gone.map(({ name }) => name), come.map((cluster) => [cluster.name, cluster]));
}

function issuesSince(latest: readonly ConfigIssue[], before: readonly ConfigIssue[], after: readonly ConfigIssue[]): readonly ConfigIssue[] {
  if (sameData(before, after)) return latest;
  const gone = new Set(before.map(issueKey));
  return [...latest.filter((issue) => !gone.has(issueKey(issue))), ...after].sort(byPlace);
}
