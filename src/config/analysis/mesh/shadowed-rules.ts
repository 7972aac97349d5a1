import { findUnreachable, type OrderedRule } from '../../checks/unreachable.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import { takenBefore, type MatchPlace } from './rule-order.ts';

/** TSM0001: rules all of whose requests are taken by rules before, which Istio finds in its simplest forms only. */
export function shadowedRules(context: AnalysisContext): void {
  for (const resource of context.of('VirtualService')) {
    const rules = resource.spec.http ?? [];
    const told = new Set(findUnreachable(rules as readonly OrderedRule[]).filter(({ is }) => is === 'afterCatchAll' || is === 'repeatedRule').map(({ rule }) => rule));
    rules.forEach(({ name, match = [] }, rule) => {
      if (told.has(rule) || match.length === 0) return;
      const takers = match.map((one) => takenBefore(resource.spec, rule, one, context));
      if (!takers.every((taker) => taker !== undefined)) return;
      const places = [...new Set(takers.map(pathOf))];
      const message = `this rule${name === undefined ? '' : ` (${JSON.stringify(name)})`} can never match: ${places.join(' and ')} before it ${places.length === 1 ? 'takes' : 'take'} all its requests`;
      const related = places.map((path) => ({ message: 'takes them', ...resource.locate(path) }));
      context.log.add('TSM0001', resource, message, { path: `spec.http[${rule}]`, related, hint: 'put the narrower rule first, or remove it' });
    });
  }
}

function pathOf({ rule, match }: MatchPlace): string {
  return `spec.http[${rule}]${match === undefined ? '' : `.match[${match}]`}`;
}
