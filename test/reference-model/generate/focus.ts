import * as fc from 'fast-check';
import type { Destination, DestinationRule, HttpRule, VirtualService } from '../model/resources.ts';
import { compact, oneOf } from './vocabulary.ts';
import { withExportOfThree } from './destination-rules.ts';
import { apart, RULE_HOSTS } from './virtual-services.ts';

/** The few hosts that a configuration is about, so that its rules are about the same. */
export interface Focus {
  /** Of VirtualServices. */
  readonly hosts: readonly string[];
  /** Of destinations, and of DestinationRules. */
  readonly targets: readonly string[];
  /** Of DestinationRules. */
  readonly wildcards: readonly string[];
}

/** Those that most configurations have. */
const REGISTERED = ['a.default.svc.cluster.local', 'a.shop.svc.cluster.local', 'api.example.com', '*.example.com'];

export const focus: fc.Arbitrary<Focus> = fc.record({
  hosts: fc.array(fc.oneof({ weight: 2, arbitrary: oneOf(REGISTERED) }, { weight: 1, arbitrary: oneOf(RULE_HOSTS) }), { minLength: 1, maxLength: 3 }),
  targets: fc.array(oneOf([...REGISTERED, 'a', 'k']), { minLength: 1, maxLength: 2 }),
  wildcards: fc.array(oneOf(['*.default.svc.cluster.local', '*.svc.cluster.local', '*.example.com']), { maxLength: 1 }),
});

export function onHosts({ hosts }: Focus, rule: VirtualService): VirtualService {
  if (rule.spec.hosts === undefined) return rule;
  return { ...rule, spec: { ...rule.spec, hosts: apart(rule.spec.hosts.map((host) => choice(hosts, host)), rule.metadata.namespace ?? 'default') } };
}

export function toTargets({ targets }: Focus, rule: VirtualService): VirtualService {
  const focused = (destination: Destination): Destination => ({ ...destination, host: choice(targets, destination.host) });
  const focusedRule = ({ route, mirror, mirrors, ...others }: HttpRule): HttpRule => ({
    ...others,
    route: route?.map((share) => ({ ...share, destination: focused(share.destination) })),
    mirror: mirror && focused(mirror),
    mirrors: mirrors?.map((share) => ({ ...share, destination: focused(share.destination) })),
  });
  return compact({ ...rule, spec: { ...rule.spec, http: rule.spec.http?.map(focusedRule) } });
}

export function ofTargets({ targets, wildcards }: Focus, rules: readonly DestinationRule[]): DestinationRule[] {
  const focused = rules.map((rule) => ({ ...rule, spec: { ...rule.spec, host: choice([...targets, ...wildcards], rule.spec.host) } }));
  return focused.map(withExportOfThree);
}

/** The same for the same `word`. */
function choice(from: readonly string[], word: string): string {
  const sum = [...word].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return from[sum % from.length] ?? word;
}
