import { findUnreachable, type OrderedRule, type Unreachable } from '../checks/unreachable.ts';
import type { ConfigIssue } from '../issue.ts';
import type { HttpMatchSpec } from '../istio-types.ts';
import type { AnalysisContext } from './analysis-context.ts';

/** What reading found, as Istio's analysis tells it. Source: istio `schema.ValidationAnalyzer`. */
export function readingIssues(issues: readonly ConfigIssue[], context: AnalysisContext): void {
  for (const { severity, code, resource: name, path, message, hint, file, line, column } of issues) {
    // Told by unreachableRules, with the codes of their own.
    if (severity === 'info' || code === 'WARN_UNREACHABLE') continue;
    const at = { file, line, column };
    const parts = { once: true, at, ...(path !== '' && { path }), ...(hint !== undefined && { hint }) };
    const told = [path, message].filter((part) => part !== '').join(' ');
    if (name === '') {
      if (severity === 'error') context.log.addAt('PARSE', at, '', told, parts);
      continue;
    }
    const resource = context.named(name);
    if (resource === undefined) continue;
    const isError = severity === 'error';
    context.log.add(isError ? 'IST0106' : 'IST0133', resource, `Schema validation ${severity}: ${told}`, parts);
  }
}

/** Rules and matches that are never used. */
export function unreachableRules(context: AnalysisContext): void {
  for (const resource of context.of('VirtualService')) {
    for (const protocol of ['http', 'tcp', 'tls'] as const) {
      const rules = (resource.spec[protocol] ?? []) as readonly OrderedRule[];
      for (const one of findUnreachable(rules)) {
        const match = 'match' in one && one.match !== undefined ? `.match[${one.match}]` : '';
        const parts = { path: `spec.${protocol}[${one.rule}]${match}`, once: true };
        if (one.is === 'afterCatchAll' || one.is === 'repeatedRule') {
          context.log.add('IST0130', resource, `VirtualService rule ${ruleName(rules, one.rule)} not used (${reasonOf(one)}).`, parts);
        } else {
          const [name, by] = matchNames(rules, one);
          const message = `VirtualService rule ${ruleName(rules, one.rule)} match ${name} is not used (duplicate/overlapping match in rule ${by}).`;
          context.log.add('IST0131', resource, message, parts);
        }
      }
    }
  }
}

type UnusedRule = Extract<Unreachable, { is: 'afterCatchAll' | 'repeatedRule' }>;

function reasonOf(one: UnusedRule): string {
  if (one.is === 'repeatedRule') return 'all matches used by prior rules';
  return one.match === undefined ? 'only the last rule can have no matches' : 'route without matches defined before';
}

/** The name of the unused match, and of what uses it up. */
function matchNames(rules: readonly OrderedRule[], one: Exclude<Unreachable, UnusedRule>): [string, string] {
  const name = matchName(rules, one.rule, one.match);
  if (one.is === 'repeatedMatch') return [name, ruleName(rules, one.first)];
  const by = matchName(rules, one.by.rule, one.by.match);
  return [
    `${name} of prefix ${prefixOf(rules, one.rule, one.match)}`,
    `${by} of prefix ${prefixOf(rules, one.by.rule, one.by.match)} on ${ruleName(rules, one.by.rule)}`,
  ];
}

function ruleName(rules: readonly OrderedRule[], index: number): string {
  const { name = '' } = rules[index] ?? {};
  return name === '' ? `#${index}` : JSON.stringify(name);
}

function matchName(rules: readonly OrderedRule[], rule: number, match: number): string {
  const { name = '' } = matchOf(rules, rule, match);
  return name === '' ? `#${match}` : JSON.stringify(name);
}

function prefixOf(rules: readonly OrderedRule[], rule: number, match: number): string {
  return matchOf(rules, rule, match).uri?.prefix ?? '';
}

function matchOf(rules: readonly OrderedRule[], rule: number, match: number): HttpMatchSpec {
  return (rules[rule]?.match?.[match] ?? {}) as HttpMatchSpec;
}
