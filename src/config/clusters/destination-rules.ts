import { expandHost } from '../../common/host-name.ts';
import type { Origin } from '../../common/origin.ts';
import type { CallerOptions } from '../compile-options.ts';
import type { DestinationRuleSpec, SubsetSpec, TrafficPolicySpec } from '../istio-types.ts';
import { ResourceMemo } from '../memo.ts';
import type { MeshConfig } from '../mesh-settings.ts';
import { byAge, hasLabels } from '../registry/endpoint-fields.ts';
import { HostMap } from '../registry/host-map.ts';
import type { Service } from '../registry/service.ts';
import { originOf, type Resource } from '../resource.ts';

/** A subset and the DestinationRule that declares it. */
export interface DeclaredSubset {
  readonly spec: SubsetSpec;
  readonly origin: Origin;
}

/** DestinationRules of one namespace for one host, merged. */
export interface MergedRule {
  readonly namespace: string;
  /** As written: `.` and the namespace's name are not the same to merging. */
  readonly exportTo: readonly string[];
  /** Labels of the callers that it is for; absent: all. */
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly trafficPolicy: TrafficPolicySpec | undefined;
  /** Where `trafficPolicy` is written. */
  readonly policyOrigin: Origin | undefined;
  readonly subsets: readonly DeclaredSubset[];
}

/** One DestinationRule, and the host in full that it is for. */
export interface HostRule {
  readonly host: string;
  readonly rule: MergedRule;
}

type Pool = HostMap<MergedRule[]>;

/**
 * Finds the one DestinationRule (after merging) that applies to calls of a service by one caller.
 *
 * The caller's namespace comes first, then the service's, then the root namespace; the first of them with a rule for the host
 * decides alone. Nothing is merged across them, or across hosts.
 *
 * Source: istio `setDestinationRules`, `destinationRule`, `mergeDestinationRule`.
 */
export class DestinationRules {
  readonly #caller: CallerOptions;
  readonly #rootNamespace: string;
  /** What callers of its own namespace may see. */
  readonly #local: Pool = new HostMap();
  /** By namespace, what goes beyond it. */
  readonly #exported = new Map<string, Pool>();
  /** Every service is asked for several times. */
  readonly #found = new Map<Pick<Service, 'host' | 'namespace'>, MergedRule | undefined>();

  /** @param memo - what was made of each resource before, of the same `domain` */
  constructor(
    resources: readonly Resource[],
    caller: CallerOptions,
    mesh: MeshConfig,
    domain: string,
    memo = new ResourceMemo<HostRule>(),
  ) {
    this.#caller = caller;
    this.#rootNamespace = mesh.rootNamespace;
    const rules = resources.filter(({ kind }) => kind === 'DestinationRule').toSorted(bySelectorThenAge);
    for (const resource of rules) this.#add(memo.of(resource, [], () => hostRule(resource, domain)), mesh.destinationRuleExportTo);
  }

  /** `undefined`: no rule, mesh defaults only. */
  find(service: Pick<Service, 'host' | 'namespace'>): MergedRule | undefined {
    let found = this.#found.get(service);
    if (found === undefined && !this.#found.has(service)) this.#found.set(service, (found = this.#find(service)));
    return found;
  }

  #find(service: Pick<Service, 'host' | 'namespace'>): MergedRule | undefined {
    return this.#choose(
      this.#local.find(service.host) ??
        this.#exportedBy(service.namespace, service.host) ??
        this.#exportedBy(this.#rootNamespace, service.host) ??
        [],
    );
  }

  #add({ host, rule }: HostRule, defaultExportTo: readonly string[]): void {
    const { namespace } = rule;
    const privately = isPrivate(rule, defaultExportTo);
    const here = namespace === this.#caller.namespace && reaches(rule, namespace);
    // Rules of the root namespace are meant for everybody; for callers of that namespace itself only private ones come first.
    if (here && (namespace !== this.#rootNamespace || privately)) insert(this.#local, host, rule);
    if (privately) return;
    let pool = this.#exported.get(namespace);
    if (pool === undefined) this.#exported.set(namespace, (pool = new HostMap()));
    insert(pool, host, rule);
  }

  #exportedBy(namespace: string, host: string): MergedRule[] | undefined {
    const visible = this.#exported
      .get(namespace)
      ?.find(host)
      ?.filter((rule) => reaches(rule, this.#caller.namespace));
    return visible === undefined || visible.length === 0 ? undefined : visible;
  }

  /** One that selects the caller, else the last of those for everybody. */
  #choose(rules: readonly MergedRule[]): MergedRule | undefined {
    const { namespace, labels } = this.#caller;
    return (
      rules.find((rule) => rule.selector !== undefined && rule.namespace === namespace && hasLabels(labels, rule.selector)) ??
      rules.findLast((rule) => rule.selector === undefined)
    );
  }
}

function hostRule(resource: Resource, domain: string): HostRule {
  const spec = resource.spec as DestinationRuleSpec;
  const { namespace } = resource;
  // A rule for some workloads is its namespace's own business.
  const exportTo = spec.workloadSelector === undefined ? (spec.exportTo ?? []) : ['.'];
  const rule: MergedRule = {
    namespace,
    exportTo: [...new Set(exportTo)],
    selector: spec.workloadSelector === undefined ? undefined : (spec.workloadSelector.matchLabels ?? {}),
    trafficPolicy: spec.trafficPolicy,
    policyOrigin: spec.trafficPolicy === undefined ? undefined : originOf(resource, 'spec.trafficPolicy'),
    subsets: uniqueSubsets(declaredSubsets(resource)),
  };
  return { host: expandHost(spec.host, namespace, domain), rule };
}

function bySelectorThenAge(a: Resource, b: Resource): number {
  const selected = (resource: Resource): number => Number((resource.spec as DestinationRuleSpec).workloadSelector === undefined);
  return selected(a) - selected(b) || byAge(a, b);
}

function isPrivate({ exportTo, namespace }: MergedRule, defaultExportTo: readonly string[]): boolean {
  if (exportTo.length === 0) return defaultExportTo.includes('.');
  return exportTo.length === 1 && (exportTo[0] === '.' || exportTo[0] === namespace);
}

function reaches({ exportTo, namespace }: MergedRule, caller: string): boolean {
  if (exportTo.length === 0 || exportTo.includes('*') || exportTo.includes(caller)) return true;
  return namespace === caller && exportTo.includes('.');
}

/**
 * Adds `rule` to those of its host: joined to each that it may be joined to, and beside them unless the last one it was compared
 * with took it in for good. That one is the last to decide even after an earlier one took the rule in is Istio's way, as is
 * that a rule for all workloads can disappear in one for some of them.
 *
 * Source: istio `mergeDestinationRule`.
 */
function insert(pool: Pool, host: string, rule: MergedRule): void {
  const rules = pool.get(host);
  if (rules === undefined) {
    pool.set(host, [rule]);
    return;
  }
  let isBeside = true;
  for (const [index, other] of rules.entries()) {
    const sameExport = sameSet(other.exportTo, rule.exportTo);
    isBeside = !sameExport;
    if (!sameExport && !(other.exportTo.length > 0 && includesAll(rule.exportTo, other.exportTo))) continue;
    const sameSelector = sameLabels(other.selector, rule.selector);
    if (other.selector !== undefined && rule.selector !== undefined && !sameSelector) {
      isBeside = true;
      continue;
    }
    if (sameSelector) isBeside = false;
    rules[index] = join(other, rule);
  }
  if (isBeside) rules.push(rule);
}

/** Subsets add up; of the policies the first counts, whole. */
function join(rule: MergedRule, more: MergedRule): MergedRule {
  return {
    ...rule,
    trafficPolicy: rule.trafficPolicy ?? more.trafficPolicy,
    policyOrigin: rule.policyOrigin ?? more.policyOrigin,
    subsets: uniqueSubsets([...rule.subsets, ...more.subsets]),
  };
}

function declaredSubsets(resource: Resource): DeclaredSubset[] {
  const { subsets = [] } = resource.spec as DestinationRuleSpec;
  return subsets.map((spec, index) => ({ spec, origin: originOf(resource, `spec.subsets[${index}]`) }));
}

function uniqueSubsets(subsets: readonly DeclaredSubset[]): DeclaredSubset[] {
  const byName = new Map<string, DeclaredSubset>();
  for (const subset of subsets) {
    if (!byName.has(subset.spec.name)) byName.set(subset.spec.name, subset);
  }
  return [...byName.values()];
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && includesAll(a, b);
}

function includesAll(outer: readonly string[], inner: readonly string[]): boolean {
  return inner.every((item) => outer.includes(item));
}

function sameLabels(a: Readonly<Record<string, string>> | undefined, b: Readonly<Record<string, string>> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Object.keys(a).length === Object.keys(b).length && hasLabels(a, b);
}
