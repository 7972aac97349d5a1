import { getHeader, hasHeader, setHeader, type HeaderList } from '../common/headers.ts';
import type { Random } from '../common/random.ts';
import { randomHex } from './random-ids.ts';

/**
 * Starts a client span: B3 headers with a new span id under the caller's trace, or a new trace, sampled with
 * `samplingPercent`. A caller that speaks only W3C (`traceparent`) is left alone: two trace contexts would contradict.
 *
 * Source: Istio's default Zipkin propagation; B3 multi-header specification.
 */
export function startSpan(headers: HeaderList, samplingPercent: number, random: Random): void {
  const traceId = getHeader(headers, 'x-b3-traceid');
  if (traceId !== undefined) {
    const parent = getHeader(headers, 'x-b3-spanid');
    setHeader(headers, 'x-b3-spanid', randomHex(random, 2));
    if (parent !== undefined) setHeader(headers, 'x-b3-parentspanid', parent);
    return;
  }
  if (hasHeader(headers, 'traceparent') || hasHeader(headers, 'b3')) return;
  const ids = randomHex(random, 6);
  headers.push('x-b3-traceid', ids.slice(0, 32), 'x-b3-spanid', ids.slice(32));
  headers.push('x-b3-sampled', random() * 100 < samplingPercent ? '1' : '0');
}
