import { fullName, hasLabels, inOrderOfCreation, isExportedTo, isMoreSpecific, isWithin, namespaceOf } from './names.ts';
import type { Destination, DestinationRule, DestinationRuleSpec, PolicyBlocks, SubsetSpec, TrafficPolicy, World } from './resources.ts';
import type { Service } from './services.ts';

// §5 Which DestinationRule applies to a service, and what it says about one port and subset.

/** Several rules for one host as one. */
export interface EffectiveRule {
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets: readonly SubsetSpec[];
}

export function destinationRuleFor(service: Service, world: World): EffectiveRule | undefined {
  // The first of the caller's, the service's and the root namespace that has any rule for the caller decides alone.
  for (const { rules, isVisible } of tiers(service, world)) {
    const covering = rules.filter(({ metadata, spec }) => isWithin(service.host, fullName(spec.host, namespaceOf(metadata))));
    const hosts = covering.map(({ metadata, spec }) => fullName(spec.host, namespaceOf(metadata)));
    const best = hosts.reduce((a, b) => (isMoreSpecific(b, a) ? b : a), '*');
    // The most specific host first, then who may see it: one that is hidden hides the wildcards behind it (istiod's source; the page does not tell).
    const visible = covering.filter((rule, index) => hosts[index] === best && isVisible(rule));
    if (visible.length > 0) return pick(merged(visible), world);
  }
  return undefined;
}

interface Tier {
  readonly rules: readonly DestinationRule[];
  readonly isVisible: (rule: DestinationRule) => boolean;
}

function tiers(service: Service, { resources, mesh, caller }: World): Tier[] {
  const root = mesh.rootNamespace ?? 'istio-system';
  const all = inOrderOfCreation(resources.filter((resource): resource is DestinationRule => resource.kind === 'DestinationRule'));
  const within = (namespace: string): DestinationRule[] => all.filter(({ metadata }) => namespaceOf(metadata) === namespace);
  const exported = (namespace: string): Tier => ({
    rules: within(namespace).filter(({ spec }) => !isPrivate(spec, namespace)),
    // Of the default only whether it is private counts; that was asked.
    isVisible: ({ spec }) => isExportedTo(spec.exportTo, ['*'], namespace, caller.namespace),
  });
  const own: Tier = {
    rules: within(caller.namespace).filter(({ spec }) =>
      caller.namespace === root ? isPrivate(spec, root) : spec.exportTo === undefined || spec.exportTo.length === 0 || spec.exportTo.some((entry) => ['*', '.', caller.namespace].includes(entry)),
    ),
    isVisible: () => true,
  };
  return [own, exported(service.namespace), exported(root)];

  function isPrivate({ exportTo, workloadSelector }: DestinationRuleSpec, namespace: string): boolean {
    // One for some workloads is its namespace's own business.
    if (workloadSelector !== undefined) return true;
    if (exportTo === undefined || exportTo.length === 0) return mesh.defaultDestinationRuleExportTo?.includes('.') === true;
    return exportTo.length === 1 && (exportTo[0] === '.' || exportTo[0] === namespace);
  }
}

interface MergedRule extends EffectiveRule {
  readonly namespace: string;
  readonly selector: DestinationRuleSpec['workloadSelector'];
  readonly exportTo: string;
}

/** Those with the same exportTo and the same selector become one: subsets are joined, of a repeated name the first counts; only the first trafficPolicy counts. */
function merged(rules: readonly DestinationRule[]): MergedRule[] {
  const result: MergedRule[] = [];
  const selectedFirst = [...rules.filter(({ spec }) => spec.workloadSelector !== undefined), ...rules.filter(({ spec }) => spec.workloadSelector === undefined)];
  for (const { metadata, spec } of selectedFirst) {
    const namespace = namespaceOf(metadata);
    const exportTo = JSON.stringify([...(spec.exportTo ?? [])].sort());
    const same = result.findIndex((other) => other.exportTo === exportTo && sameSelector(other.selector, spec.workloadSelector));
    const earlier = result[same];
    const subsets = [...(earlier?.subsets ?? [])];
    for (const subset of spec.subsets ?? []) if (!subsets.some(({ name }) => name === subset.name)) subsets.push(subset);
    const trafficPolicy = earlier?.trafficPolicy ?? spec.trafficPolicy;
    const rule: MergedRule = { namespace, selector: spec.workloadSelector, exportTo, subsets, ...(trafficPolicy === undefined ? {} : { trafficPolicy }) };
    if (earlier === undefined) result.push(rule);
    else result[same] = rule;
  }
  return result;
}

function sameSelector(a: DestinationRuleSpec['workloadSelector'], b: DestinationRuleSpec['workloadSelector']): boolean {
  if (a === undefined || b === undefined) return a === b;
  return hasLabels(a.matchLabels, b.matchLabels ?? {}) && hasLabels(b.matchLabels, a.matchLabels ?? {});
}

/** One whose selector fits the caller, in the caller's own namespace; else the last without selector. */
function pick(rules: readonly MergedRule[], { caller }: World): EffectiveRule | undefined {
  const selected = rules.find(({ namespace, selector }) => selector !== undefined && namespace === caller.namespace && hasLabels(selector.matchLabels, caller.labels));
  return selected ?? rules.filter(({ selector }) => selector === undefined).at(-1);
}

/** §5 Effective policy for (port, subset). */
export function policyFor(rule: EffectiveRule | undefined, port: number, subset: SubsetSpec | undefined, world: World): PolicyBlocks {
  const forPort = (policy: TrafficPolicy | undefined): PolicyBlocks | undefined => policy?.portLevelSettings?.find((setting) => setting.port.number === port);
  // An entry for the port takes the place of everything at host level.
  const base: PolicyBlocks = { ...world.mesh.defaultTrafficPolicy, ...blocksOf(forPort(rule?.trafficPolicy) ?? rule?.trafficPolicy) };
  if (subset?.trafficPolicy === undefined) return base;
  // A subset's entry for the port sets all blocks, also those it leaves out.
  const ownForPort = forPort(subset.trafficPolicy);
  if (ownForPort !== undefined) return blocksOf(ownForPort);
  return { ...base, ...blocksOf(subset.trafficPolicy) };
}

/** §5 Hash policy precedence of a route's destination: settings for a port count only when the destination names the port. */
export function hashPolicyFor(rule: EffectiveRule | undefined, { subset, port }: Destination): string | undefined {
  const own = rule?.subsets.find(({ name }) => name === subset)?.trafficPolicy;
  const forPort = (policy: TrafficPolicy | undefined): PolicyBlocks | undefined => policy?.portLevelSettings?.find((setting) => setting.port.number === port?.number);
  return hashKey(forPort(own)) ?? hashKey(own) ?? hashKey(forPort(rule?.trafficPolicy)) ?? hashKey(rule?.trafficPolicy);
}

/** Of a service without VirtualService: settings for its port, if they have a hash, else the rule's (istiod's source; the page does not tell). */
export function defaultHashPolicyFor(rule: EffectiveRule | undefined, port: number): string | undefined {
  return hashKey(rule?.trafficPolicy?.portLevelSettings?.find((setting) => setting.port.number === port)) ?? hashKey(rule?.trafficPolicy);
}

function hashKey(policy: PolicyBlocks | undefined): string | undefined {
  const hash = policy?.loadBalancer?.consistentHash;
  if (hash?.httpHeaderName !== undefined) return `header ${hash.httpHeaderName.toLowerCase()}`;
  if (hash?.httpCookie !== undefined) return `cookie ${hash.httpCookie.name}`;
  if (hash?.httpQueryParameterName !== undefined) return `query ${hash.httpQueryParameterName}`;
  return hash?.useSourceIp === true ? 'source-ip' : undefined;
}

function blocksOf(policy: PolicyBlocks | undefined): PolicyBlocks {
  return {
    ...(policy?.loadBalancer === undefined ? {} : { loadBalancer: policy.loadBalancer }),
    ...(policy?.connectionPool === undefined ? {} : { connectionPool: policy.connectionPool }),
    ...(policy?.outlierDetection === undefined ? {} : { outlierDetection: policy.outlierDetection }),
  };
}
