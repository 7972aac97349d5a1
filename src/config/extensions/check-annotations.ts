import type { Cursor } from '../checks/cursor.ts';
import { HTTPS_ROUTING } from '../registry/https-routing.ts';
import { suggest } from '../schema/suggestion.ts';
import { parsePerRule } from './per-rule.ts';
import { FAULT_SCOPE, FAULT_SCOPE_EXPECTED, parseFaultScope } from './rule-extensions.ts';
import { parseSafeRetries, SAFE_RETRIES, SAFE_RETRIES_EXPECTED } from './safe-retries.ts';
import { parseStickyBy, STICKY_BY, STICKY_BY_EXPECTED } from './sticky-by.ts';

const PREFIX = 'ts-mesh.dev/';

/** An annotation of ours: where it means something, and what. */
interface Known {
  readonly kinds: readonly string[];
  readonly expected: string;
  /** Whether it says different things of different rules. */
  readonly perRule: boolean;
  isValid(value: string): boolean;
}

const RULES = { kinds: ['VirtualService'], perRule: true };
const KNOWN: ReadonlyMap<string, Known> = new Map([
  [STICKY_BY, { ...RULES, expected: STICKY_BY_EXPECTED, isValid: (value: string) => parseStickyBy(value, '') !== undefined }],
  [FAULT_SCOPE, { ...RULES, expected: FAULT_SCOPE_EXPECTED, isValid: (value: string) => parseFaultScope(value) !== undefined }],
  [SAFE_RETRIES, { ...RULES, expected: SAFE_RETRIES_EXPECTED, isValid: (value: string) => parseSafeRetries(value) !== undefined }],
  [HTTPS_ROUTING, { kinds: ['ServiceEntry', 'Service'], perRule: false, expected: 'must be true or false', isValid: (value: string) => /^(?:true|false)$/i.test(value) }],
]);

/** Warns of annotations of ours that say nothing: unknown names, kinds that they mean nothing on, values that can't be read, rules that are not there. */
export function checkAnnotations(annotations: Readonly<Record<string, string>>, kind: string, spec: unknown, metadata: Cursor): void {
  for (const [name, value] of Object.entries(annotations)) {
    // A list of annotations that is none is told of elsewhere.
    if (!name.startsWith(PREFIX) || typeof value !== 'string') continue;
    const at = metadata.to('annotations', name).onApply;
    if (at !== undefined) check(name, value, kind, spec, at);
  }
}

function check(name: string, value: string, kind: string, spec: unknown, at: Cursor): void {
  const known = KNOWN.get(name);
  if (known === undefined) {
    const meant = suggest(name, KNOWN.keys());
    at.warn('WARN_UNKNOWN_ANNOTATION', `is not a known annotation and is ignored; known are ${[...KNOWN.keys()].join(', ')}`, meant && `did you mean ${meant}?`);
    return;
  }
  if (!known.kinds.includes(kind)) {
    at.warn('WARN_MISPLACED_ANNOTATION', `means nothing on a ${kind} and is ignored`, `it belongs on a ${known.kinds.join(' or ')}`);
    return;
  }
  const parts = known.perRule ? parsePerRule(value) : [{ value: value.trim() }];
  const wrong = parts.length === 0 ? { value } : parts.find((part) => !known.isValid(part.value));
  if (wrong !== undefined) {
    at.warn('WARN_INVALID_ANNOTATION', `${known.expected}${known.perRule ? ', with "for RULE, RULE" after it where it is for some rules only' : ''}, got ${JSON.stringify(wrong.value)}; it is ignored`);
    return;
  }
  const names = ruleNames(spec);
  const missing = parts.flatMap(({ rules = [] }) => rules).find((rule) => !names.includes(rule));
  if (missing === undefined) return;
  const meant = suggest(missing, names);
  const has = names.length === 0 ? 'no rule here has a name' : `rules here are called ${names.slice(0, 20).join(', ')}`;
  at.warn('WARN_INVALID_ANNOTATION', `is for a rule ${JSON.stringify(missing)}, but ${has}`, meant && `did you mean ${meant}?`);
}

/** Of a spec that nobody has looked at yet. */
function ruleNames(spec: unknown): string[] {
  const { http } = (spec ?? {}) as { readonly http?: unknown };
  if (!Array.isArray(http)) return [];
  return http.map((rule: unknown) => (rule as { readonly name?: unknown } | null)?.name).filter((name) => typeof name === 'string');
}
