import { compileRegex } from '../../../route/regex.ts';
import type { HttpMatchSpec, StringMatchSpec } from '../../istio-types.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import type { AnalysedVirtualService } from '../analysed-specs.ts';
import { takenBefore } from './rule-order.ts';

/** Methods that do their work once more each time. */
const WRITES = ['POST', 'PATCH'];

/**
 * After these the first try may have done its work. Not among them: what was refused, or never sent, and 503, which says
 * that nothing was done and is retried by default.
 */
const AFTER_WORK = ['5xx', 'gateway-error', 'reset', '500', '502', '504'];

/** TSM0003: retries after which a write may be there twice. */
export function retriedWrites(context: AnalysisContext): void {
  for (const resource of context.of('VirtualService')) {
    resource.spec.http?.forEach(({ retries, match = [] }, rule) => {
      if ((retries?.attempts ?? 0) <= 0) return;
      const risky = (retries?.retryOn ?? '').split(',').map((token) => token.trim()).filter((token) => AFTER_WORK.includes(token));
      if (risky.length === 0) return;
      const matches = match.length === 0 ? [{}] : match;
      const writes = WRITES.filter((method) => matches.some((one) => reaches(resource.spec, rule, one, method, context)));
      if (writes.length === 0) return;
      const message = `a ${writes.join(' or ')} is sent up to ${(retries?.attempts ?? 0) + 1} times: on ${risky.join(', ')} it is retried although it may have been carried out`;
      const hint = `give ${writes.join(' and ')} a rule of their own without it, or retry on connect-failure,refused-stream,reset-before-request`;
      context.log.add('TSM0003', resource, message, { path: `spec.http[${rule}].retries.retryOn`, hint });
    });
  }
}

/** Whether a call with this method can come to this match, and is not taken by a rule before. */
function reaches(spec: AnalysedVirtualService, rule: number, match: HttpMatchSpec, method: string, context: AnalysisContext): boolean {
  return takes(match.method, method) && takenBefore(spec, rule, { ...match, method: { exact: method } }, context) === undefined;
}

function takes({ exact, prefix, regex }: StringMatchSpec = {}, method: string): boolean {
  if (exact !== undefined) return exact === method;
  if (prefix !== undefined) return method.startsWith(prefix);
  if (regex === undefined) return true;
  try {
    return compileRegex(regex).matches(method);
  } catch {
    return false;
  }
}
