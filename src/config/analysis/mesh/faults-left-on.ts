import type { FaultSpec, HttpMatchSpec } from '../../istio-types.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import type { FindingParts } from '../finding-log.ts';

/** TSM0006 and TSM0011: faults that callers meet, and faults that nobody meets. */
export function faultsLeftOn(context: AnalysisContext): void {
  for (const resource of context.of('VirtualService')) {
    resource.spec.http?.forEach(({ fault = {}, match = [] }, rule) => {
      for (const kind of ['delay', 'abort'] as const) {
        if (fault[kind] === undefined) continue;
        const path = `spec.http[${rule}].fault.${kind}`;
        const percent = percentOf(fault, kind);
        if (percent === undefined) {
          const hint = 'add percentage: {value: 100}, or remove it';
          context.log.add('TSM0011', resource, `this ${kind} never happens: without a percentage it is 0 %`, { path, hint });
        } else if (percent > 0) {
          const guarded = match.length > 0 && match.every(isForSome);
          const whom = guarded ? 'of the calls that match' : 'of all calls';
          const parts: FindingParts = { path, ...(guarded && { level: 'info' }), hint: 'remove it when the test is over' };
          context.log.add('TSM0006', resource, `${describe(fault, kind)} ${percent} % ${whom}`, parts);
        }
      }
    });
  }
}

/** In percent; `undefined` when nothing is said, which means never. */
function percentOf(fault: FaultSpec, kind: 'delay' | 'abort'): number | undefined {
  return fault[kind]?.percentage?.value ?? (kind === 'delay' ? fault.delay?.percent : undefined);
}

function describe({ delay, abort }: FaultSpec, kind: 'delay' | 'abort'): string {
  if (kind === 'delay') return `a fault delays by ${delay?.fixedDelay ?? 'nothing'}`;
  return `a fault answers ${abort?.grpcStatus ?? String(abort?.httpStatus ?? 'nothing')} to`;
}

/** Whether only certain callers are meant: those who say so, or who are so. */
function isForSome({ headers = {}, withoutHeaders = {}, queryParams = {}, sourceLabels = {}, sourceNamespace = '' }: HttpMatchSpec): boolean {
  const conditions = [headers, withoutHeaders, queryParams, sourceLabels].flatMap((one) => Object.keys(one));
  return conditions.length > 0 || sourceNamespace !== '';
}
