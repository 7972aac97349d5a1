/** One record of TLS. */
export function record(body: Buffer, type = 22, version = 0x301): Buffer {
  return Buffer.concat([Buffer.from([type, version >> 8, version & 255, body.length >> 8, body.length & 255]), body]);
}

/** The first record of a handshake that asks for `name` (latin1), or for none. */
export function hello(name: string | undefined): Buffer {
  const list = (width: number, ...parts: Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    const length = Buffer.alloc(width);
    length.writeUIntBE(body.length, 0, width);
    return Buffer.concat([length, body]);
  };
  const extension = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([0, type]), list(2, body)]);
  const sni = name === undefined ? [] : [extension(0, list(2, Buffer.from([0]), list(2, Buffer.from(name, 'latin1'))))];
  const versions = extension(43, list(1, Buffer.from([3, 4, 3, 3])));
  const groups = extension(10, list(2, Buffer.from([0, 23])));
  const signatures = extension(13, list(2, Buffer.from([4, 3, 8, 4, 4, 1])));
  const shares = extension(51, list(2));
  const extensions = list(2, ...sni, versions, groups, signatures, shares);
  const body = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 1), list(1), list(2, Buffer.from([0x13, 1, 0xc0, 0x2f])), list(1, Buffer.from([0])), extensions]);
  return record(Buffer.concat([Buffer.from([1]), list(3, body)]));
}
