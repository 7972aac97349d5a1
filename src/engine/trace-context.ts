import { getHeader, hasHeader, setHeader, type HeaderList } from '../common/headers.ts';
import type { Random } from '../common/random.ts';

const HEX = '0123456789abcdef';

/** `digits` random hexadecimal digits. */
function randomHex(random: Random, digits: number): string {
  let text = '';
  for (let left = digits; left > 0; left -= 8) {
    let word = Math.floor(random() * 0x1_0000_0000);
    const take = Math.min(8, left);
    for (let i = 0; i < take; i++) {
      text += HEX[word & 15];
      word >>>= 4;
    }
  }
  return text;
}

/** A UUID of version 4 drawn from `random`, so that a seeded mesh repeats itself. */
export function randomUuid(random: Random): string {
  const hex = randomHex(random, 31);
  const variant = HEX[8 + Math.floor(random() * 4)];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-${variant}${hex.slice(15, 18)}-${hex.slice(18, 30)}`;
}

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
    setHeader(headers, 'x-b3-spanid', randomHex(random, 16));
    if (parent !== undefined) setHeader(headers, 'x-b3-parentspanid', parent);
    return;
  }
  if (hasHeader(headers, 'traceparent') || hasHeader(headers, 'b3')) return;
  headers.push('x-b3-traceid', randomHex(random, 32), 'x-b3-spanid', randomHex(random, 16));
  headers.push('x-b3-sampled', random() * 100 < samplingPercent ? '1' : '0');
}
