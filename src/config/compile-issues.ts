import type { DestinationRules, MergedRule } from './clusters/destination-rules.ts';
import { expandHost, isWildcardHost } from '../common/host-name.ts';
import type { CompileMemo } from './compile-memo.ts';
import type { ConfigIssue } from './issue.ts';
import type { DestinationRuleSpec, DestinationSpec } from './istio-types.ts';
import type { Registry } from './registry/registry.ts';
import type { Service } from './registry/service.ts';
import { resourceName, type Resource } from './resource.ts';
import type { HttpRule, VirtualService } from './routes/virtual-service.ts';

/** What the issues are looked for in. */
export interface IssueContext {
  readonly registry: Registry;
  readonly rules: DestinationRules;
  /** By host, what has clusters for this caller. */
  readonly services: ReadonlyMap<string, Service>;
  readonly domain: string;
  /** Another object as soon as any of the above is another. */
  readonly surroundings: object;
  readonly memo: Pick<CompileMemo, 'ruleIssues' | 'policyIssues'>;
}

/**
 * Names in rules that lead nowhere: destinations without a service, port or subset, DestinationRules for hosts that nobody
 * declares. They are warnings, because the other half may be applied later. In the order of their places.
 */
export function danglingNames(
  resources: readonly Resource[],
  virtualServices: ReadonlySet<VirtualService>,
  context: IssueContext,
): ConfigIssue[] {
  const { memo, surroundings, registry } = context;
  const ofRules = (virtualService: VirtualService): readonly ConfigIssue[] =>
    memo.ruleIssues.of(virtualService, [surroundings], () => virtualService.rules.flatMap((rule) => ruleIssues(rule, context)));
  const inRules = [...virtualServices].flatMap(ofRules);
  const inPolicies = resources
    .filter(({ kind }) => kind === 'DestinationRule')
    .flatMap((resource) => memo.policyIssues.of(resource, [registry], () => destinationRuleIssues(resource, context)));
  return unique([...inRules, ...inPolicies]);
}

function ruleIssues({ spec, resource, path }: HttpRule, context: IssueContext): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  // Nearly all destinations lead somewhere, and there may be thousands: the paths of those are never made.
  const check = (destination: DestinationSpec, where: () => string): void => {
    const issue = destinationIssue(resource, where, destination, context);
    if (issue !== undefined) issues.push(issue);
  };
  for (const [index, { destination }] of (spec.route ?? []).entries()) check(destination, () => `${path}.route[${index}].destination`);
  for (const [index, { destination }] of (spec.mirrors ?? []).entries()) check(destination, () => `${path}.mirrors[${index}].destination`);
  if (spec.mirror !== undefined) check(spec.mirror, () => `${path}.mirror`);
  return issues;
}

function destinationIssue(
  resource: Resource,
  where: () => string,
  { host, port, subset }: DestinationSpec,
  context: IssueContext,
): ConfigIssue | undefined {
  const service = context.services.get(host);
  if (service === undefined) return unknownHost(resource, `${where()}.host`, host, context);
  const ports = service.ports.map(({ number }) => number);
  if (port?.number !== undefined && !ports.includes(port.number)) {
    return warning(resource, `${where()}.port.number`, port.number, 'WARN_UNKNOWN_PORT', {
      message: `${host} has no port ${port.number}, so calls end with 503 NC`,
      hint: `its ports: ${ports.join(', ')}`,
    });
  }
  const rule = context.rules.find(service);
  if (!subset || rule?.subsets.some(({ spec }) => spec.name === subset)) return undefined;
  return warning(resource, `${where()}.subset`, subset, 'WARN_UNKNOWN_SUBSET', {
    message: `no DestinationRule in force for ${host} declares the subset ${subset}, so calls end with 503 NC`,
    hint: subsetHint(rule, host),
  });
}

function subsetHint(rule: MergedRule | undefined, host: string): string {
  if (rule === undefined) return `apply a DestinationRule for ${host} that has this subset`;
  const names = rule.subsets.map(({ spec }) => spec.name);
  return names.length === 0 ? 'the rule in force declares no subsets' : `the rule in force declares ${names.join(', ')}`;
}

function unknownHost(resource: Resource, path: string, host: string, { registry, domain }: IssueContext): ConfigIssue {
  const dotted = /^[^.*]+\.[^.]+(\.svc)?$/.test(host) ? `${host.replace(/\.svc$/, '')}.svc.${domain}` : undefined;
  if (registry.has(host)) {
    return warning(resource, path, host, 'WARN_HOST_NOT_VISIBLE', {
      message: `${host} is not visible to this workload (exportTo, or a Sidecar), so calls end with 503 NC`,
    });
  }
  return warning(resource, path, host, 'WARN_UNKNOWN_HOST', {
    message: `no Service or ServiceEntry declares ${host}, so calls end with 503 NC`,
    ...(dotted !== undefined && registry.has(dotted) && { hint: `a name with a dot is taken literally: write ${dotted}` }),
  });
}

function destinationRuleIssues(resource: Resource, { registry, domain }: IssueContext): ConfigIssue[] {
  const host = expandHost((resource.spec as DestinationRuleSpec).host, resource.namespace, domain);
  // A wildcard may well be there for services to come.
  if (isWildcardHost(host) || registry.has(host)) return [];
  const message = `no Service or ServiceEntry declares ${host}, so this rule governs nothing`;
  return [warning(resource, 'spec.host', host, 'WARN_UNKNOWN_HOST', { message })];
}

function warning(
  resource: Resource,
  path: string,
  value: unknown,
  code: string,
  text: Pick<ConfigIssue, 'message' | 'hint'>,
): ConfigIssue {
  return { severity: 'warning', code, resource: resourceName(resource), path, value: JSON.stringify(value), ...text, ...resource.locate(path) };
}

/** A delegate that several roots use is compiled once for each of them. */
function unique(issues: readonly ConfigIssue[]): ConfigIssue[] {
  return [...new Map(issues.map((issue) => [issueKey(issue), issue])).values()].sort(byPlace);
}

/** Equal for issues that say the same of the same field. */
export function issueKey({ resource, path, code }: ConfigIssue): string {
  return `${resource} ${path} ${code}`;
}

/** For `Array.prototype.sort`. Resources that code gives have all the same place. */
export function byPlace(a: ConfigIssue, b: ConfigIssue): number {
  return compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(issueKey(a), issueKey(b));
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
