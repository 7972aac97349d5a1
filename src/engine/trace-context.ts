import { getHeader, hasHeader, setHeader, type HeaderList } from '../common/headers.ts';
import type { Random } from '../common/random.ts';

/** Two hexadecimal digits for each byte: ids are made for every call. */
const BYTE_HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `bytes` random bytes, a multiple of 4, in hexadecimal. */
function randomHex(random: Random, bytes: number): string {
  let text = '';
  for (let i = 0; i < bytes; i += 4) {
    const word = Math.floor(random() * 0x1_0000_0000);
    text += BYTE_HEX[word >>> 24]! + BYTE_HEX[(word >>> 16) & 255]! + BYTE_HEX[(word >>> 8) & 255]! + BYTE_HEX[word & 255]!;
  }
  return text;
}

/** A UUID of version 4 drawn from `random`, so that a seeded mesh repeats itself. */
export function randomUuid(random: Random): string {
  const hex = randomHex(random, 16);
  const variant = (8 + (Number.parseInt(hex[16]!, 16) & 3)).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
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
    setHeader(headers, 'x-b3-spanid', randomHex(random, 8));
    if (parent !== undefined) setHeader(headers, 'x-b3-parentspanid', parent);
    return;
  }
  if (hasHeader(headers, 'traceparent') || hasHeader(headers, 'b3')) return;
  headers.push('x-b3-traceid', randomHex(random, 16), 'x-b3-spanid', randomHex(random, 8));
  headers.push('x-b3-sampled', random() * 100 < samplingPercent ? '1' : '0');
}
