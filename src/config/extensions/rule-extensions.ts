import type { FaultScope, RetrySafety, StickyOptions } from '../../route/model.ts';
import type { Resource } from '../resource.ts';
import { parsePerRule, partFor } from './per-rule.ts';
import { parseSafeRetries, SAFE_RETRIES } from './safe-retries.ts';
import { parseStickyBy, STICKY_BY } from './sticky-by.ts';

/** On a VirtualService: when the faults of its rules are decided. */
export const FAULT_SCOPE = 'ts-mesh.dev/fault-scope';
export const FAULT_SCOPE_EXPECTED = 'must be request, attempt or host';

/** What annotations ask for one rule beyond what Istio has. */
export interface RuleExtensions {
  readonly sticky?: StickyOptions;
  readonly faultScope?: FaultScope;
  /** `false`: as Istio does, whatever the mesh's option says. */
  readonly retrySafety?: RetrySafety | false;
}

/** What `resource` asks for the rule of that name; what can't be read asks for nothing. */
export function ruleExtensions({ annotations, namespace, name }: Pick<Resource, 'annotations' | 'namespace' | 'name'>, rule: string | undefined): RuleExtensions | undefined {
  const read = <T>(key: string, parse: (text: string) => T | undefined): T | undefined => {
    const text = Object.hasOwn(annotations, key) ? partFor(parsePerRule(annotations[key]!), rule) : undefined;
    return text === undefined ? undefined : parse(text);
  };
  const sticky = read(STICKY_BY, (text) => parseStickyBy(text, `${namespace}/${name}`));
  const faultScope = read(FAULT_SCOPE, parseFaultScope);
  const retrySafety = read(SAFE_RETRIES, parseSafeRetries);
  if (sticky === undefined && faultScope === undefined && retrySafety === undefined) return undefined;
  return { ...(sticky && { sticky }), ...(faultScope && { faultScope }), ...(retrySafety !== undefined && { retrySafety }) };
}

/** `undefined`: `text` is not what is expected. */
export function parseFaultScope(text: string): FaultScope | undefined {
  return text === 'request' || text === 'attempt' || text === 'host' ? text : undefined;
}
