/** What the first bytes of a connection turn out to be. */
export type FirstBytes =
  /** Not enough to tell; `bytes`: how many there must be in all before it is worth looking again. */
  | { readonly kind: 'more'; readonly bytes: number }
  /** Not TLS, or so broken that no server would take it for TLS. */
  | { readonly kind: 'other' }
  /** `servername`: the SNI, in lower case; absent when none is asked for. */
  | { readonly kind: 'hello'; readonly servername?: string };

/** A longer handshake message is none that a client would begin with. Source: Envoy `tls_inspector`. */
export const MAX_HELLO_BYTES = 64 * 1024;

const OTHER: FirstBytes = { kind: 'other' };

/** Source: RFC 8446 §5.1, §4. */
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const MAX_RECORD_BYTES = 16_384;
/** Nobody cuts a first message into more. It bounds how often the same bytes are looked at. */
const MAX_RECORDS = 32;
const SERVER_NAME_EXTENSION = 0;

/**
 * Reads the name that a TLS client asks for, before anybody answers it. Bounded: it gives up beyond {@link MAX_HELLO_BYTES}, and
 * says how many bytes must come before it can tell more.
 *
 * Source: RFC 8446 §4.1.2, RFC 6066 §3.
 */
export function readClientHello(bytes: Uint8Array): FirstBytes {
  const parts: Uint8Array[] = [];
  let size = 0;
  let at = 0;
  // A message may be cut into several records.
  while (parts.length < MAX_RECORDS) {
    const type = bytes[at];
    if (type !== undefined && type !== HANDSHAKE_RECORD) return OTHER;
    if (bytes[at + 1] !== undefined && bytes[at + 1] !== 3) return OTHER;
    if (bytes.length < at + 5) return { kind: 'more', bytes: at + 5 };
    const length = bytes[at + 3]! * 256 + bytes[at + 4]!;
    if (length === 0 || length > MAX_RECORD_BYTES) return OTHER;
    const end = at + 5 + length;
    if (bytes.length < end) return { kind: 'more', bytes: end };
    parts.push(bytes.subarray(at + 5, end));
    size += length;
    at = end;
    if (parts[0]![0] !== CLIENT_HELLO) return OTHER;
    if (size < 4) continue;
    const message = joined(parts, size);
    const wanted = 4 + message[1]! * 65_536 + message[2]! * 256 + message[3]!;
    if (wanted > MAX_HELLO_BYTES) return OTHER;
    if (size >= wanted) return readMessage(message.subarray(4, wanted));
  }
  return OTHER;
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A place in bytes that were counted beforehand; to read beyond them gives nothing. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  number(width: 1 | 2): number | undefined {
    const bytes = this.take(width);
    return bytes?.reduce((value, byte) => value * 256 + byte, 0);
  }

  take(length: number): Uint8Array | undefined {
    if (this.left < length) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** What follows a length of `width` bytes. */
  vector(width: 1 | 2): Uint8Array | undefined {
    const length = this.number(width);
    return length === undefined ? undefined : this.take(length);
  }
}

function readMessage(bytes: Uint8Array): FirstBytes {
  const reader = new Reader(bytes);
  const fixed = reader.take(34);
  const sessionId = reader.vector(1);
  const cipherSuites = reader.vector(2);
  const compression = reader.vector(1);
  if (fixed === undefined || sessionId === undefined || cipherSuites === undefined || compression === undefined) return OTHER;
  if (reader.left === 0) return { kind: 'hello' };
  const extensions = reader.vector(2);
  return extensions === undefined ? OTHER : readExtensions(new Reader(extensions));
}

function readExtensions(reader: Reader): FirstBytes {
  while (reader.left > 0) {
    const type = reader.number(2);
    const body = reader.vector(2);
    if (type === undefined || body === undefined) return OTHER;
    if (type === SERVER_NAME_EXTENSION) return readServerNames(new Reader(body));
  }
  return { kind: 'hello' };
}

function readServerNames(reader: Reader): FirstBytes {
  const list = reader.vector(2);
  if (list === undefined) return OTHER;
  const names = new Reader(list);
  const type = names.number(1);
  const name = names.vector(2);
  // There is one kind of name only, and of that one name.
  if (type !== 0 || name === undefined || name.length === 0 || name.length > 255) return OTHER;
  const text = String.fromCharCode(...name);
  return /^[\x21-\x7e]+$/.test(text) ? { kind: 'hello', servername: text.toLowerCase() } : OTHER;
}
