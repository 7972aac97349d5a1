import type { Duplex } from 'node:stream';

/** How every HTTP/2 connection of a client begins. Source: RFC 9113 §3.4. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** The version that a caller begins to speak; `late`: it says nothing; `left`: it is gone. */
export type Opening = 'http1' | 'http2' | 'late' | 'left';

/**
 * Looks at the first bytes of `socket`, and gives them back to it.
 *
 * @param timeoutMs - how long they are waited for; 0: as long as it takes
 *
 * Source: Envoy `ConnectionManagerUtility::determineNextProtocol`.
 */
export function openingOf(socket: Duplex, timeoutMs: number, found: (opening: Opening) => void): void {
  const chunks: Buffer[] = [];
  const end = (opening: Opening): void => {
    clearTimeout(timer);
    socket.off('readable', look).off('end', left).off('close', left);
    if (chunks.length > 0 && !socket.destroyed) socket.unshift(Buffer.concat(chunks));
    // Only then does the stream know that nobody waits for `readable` any more.
    process.nextTick(found, opening);
  };
  const left = (): void => end('left');
  const look = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    chunks.push(chunk);
    const seen = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    const known = Math.min(seen.length, PREFACE.length);
    if (!seen.subarray(0, known).equals(PREFACE.subarray(0, known))) end('http1');
    else if (known === PREFACE.length) end('http2');
  };
  const timer = timeoutMs === 0 ? undefined : setTimeout(() => end('late'), timeoutMs);
  timer?.unref();
  socket.on('readable', look).on('end', left).on('close', left);
}
