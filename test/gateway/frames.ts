/** HTTP/2 byte by byte, for callers that don't keep to its rules. Source: RFC 9113, RFC 7541. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const TYPE = { data: 0, headers: 1, priority: 2, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 } as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;

export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Settings by number and value in turn. */
export function settings(...pairs: number[]): Buffer {
  const payload = Buffer.alloc((pairs.length / 2) * 6);
  for (let i = 0; i < pairs.length; i += 2) {
    payload.writeUInt16BE(pairs[i]!, i * 3);
    payload.writeUInt32BE(pairs[i + 1]!, i * 3 + 2);
  }
  return frame(TYPE.settings, 0, 0, payload);
}

/** A number as HPACK writes it, with a prefix of `bits` bits. */
function integer(value: number, bits: number, high: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([high | value]);
  const bytes = [high | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

const string = (text: string | Buffer): Buffer => {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
};

/** A header as it is; `indexed`: remembered for the rest of the connection. */
export function header(name: string, value: string | Buffer, indexed = false): Buffer {
  return Buffer.concat([Buffer.from([indexed ? 0x40 : 0]), string(name), string(value)]);
}

/** A header that was remembered: the newest is 62. */
export function remembered(index: number): Buffer {
  return integer(index, 7, 0x80);
}

/** `GET path`, with further headers. */
export function get(path: string, ...more: Buffer[]): Buffer {
  return Buffer.concat([header(':method', 'GET'), header(':scheme', 'http'), header(':path', path), header(':authority', 'shop'), ...more]);
}

/** Type, flags and stream of each whole frame in `bytes`. */
export function framesOf(bytes: Buffer): { readonly type: number; readonly flags: number; readonly stream: number; readonly payload: Buffer }[] {
  const frames = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    if (at + 9 + length > bytes.length) break;
    frames.push({ type: bytes[at + 3]!, flags: bytes[at + 4]!, stream: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, at + 9 + length) });
    at += 9 + length;
  }
  return frames;
}
