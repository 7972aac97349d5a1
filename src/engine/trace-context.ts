import { getHeader, hasHeader, setHeader, type HeaderList } from '../common/headers.ts';
import type { Random } from '../common/random.ts';

/** Two hexadecimal digits for each byte: ids are made for every call. */
const BYTE_HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex16(word: number): string {
  return BYTE_HEX[(word >>> 8) & 255]! + BYTE_HEX[word & 255]!;
}

function hex32(word: number): string {
  return BYTE_HEX[word >>> 24]! + BYTE_HEX[(word >>> 16) & 255]! + BYTE_HEX[(word >>> 8) & 255]! + BYTE_HEX[word & 255]!;
}

function word(random: Random): number {
  return (random() * 0x1_0000_0000) >>> 0;
}

/** A random span id: 8 bytes in hexadecimal. */
function randomHex64(random: Random): string {
  return hex32(word(random)) + hex32(word(random));
}

/**
 * A UUID of version 4 drawn from `random`, so that a seeded mesh repeats itself. It tells requests apart and keeps no secret: for that, drawing
 * it from the system costs too much.
 *
 * Source: RFC 9562 §5.4.
 */
export function randomUuid(random: Random): string {
  const [a, b, c, d] = [word(random), word(random), word(random), word(random)];
  return `${hex32(a)}-${hex16(b >>> 16)}-${hex16((b & 0x0fff) | 0x4000)}-${hex16(((c >>> 16) & 0x3fff) | 0x8000)}-${hex16(c)}${hex32(d)}`;
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
    setHeader(headers, 'x-b3-spanid', randomHex64(random));
    if (parent !== undefined) setHeader(headers, 'x-b3-parentspanid', parent);
    return;
  }
  if (hasHeader(headers, 'traceparent') || hasHeader(headers, 'b3')) return;
  headers.push('x-b3-traceid', randomHex64(random) + randomHex64(random), 'x-b3-spanid', randomHex64(random));
  headers.push('x-b3-sampled', random() * 100 < samplingPercent ? '1' : '0');
}
