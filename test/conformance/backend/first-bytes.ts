import type { Duplex } from 'node:stream';

/** What the other side of a connection speaks. `other`: bytes that are neither HTTP nor TLS. */
export type Spoken = 'http1' | 'http2' | 'tls' | 'other';

/** The first byte of a TLS record that holds a handshake message. */
const TLS_HANDSHAKE = 0x16;

/** How HTTP/2 begins; no method of HTTP/1.1 does. */
const PREFACE = 'PRI ';

/** What bytes at the beginning of a connection are; `undefined` when it takes more of them to tell. */
export function spokenBy(bytes: Buffer): Spoken | undefined {
  const [first] = bytes;
  if (first === undefined) return undefined;
  if (first === TLS_HANDSHAKE) return 'tls';
  if (!isMethodLetter(first)) return 'other';
  const start = bytes.toString('latin1', 0, PREFACE.length);
  if (start === PREFACE) return 'http2';
  return PREFACE.startsWith(start) ? undefined : 'http1';
}

/** Waits for the first bytes of `socket`, puts them back, and says what they are. Never calls back when none come. */
export function whenSpoken(socket: Duplex, then: (spoken: Spoken) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  const read = (): void => {
    const more = socket.read() as Buffer | null;
    if (more === null) return;
    bytes = Buffer.concat([bytes, more]);
    const spoken = spokenBy(bytes);
    if (spoken === undefined) return;
    socket.off('readable', read);
    socket.unshift(bytes);
    then(spoken);
  };
  socket.on('readable', read);
}

// Methods are written in capitals; what the cases send over bare connections is not.
function isMethodLetter(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}
