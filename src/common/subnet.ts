/** An IP address as numbers: 4 for IPv4, 16 for IPv6. */
export type AddressBytes = readonly number[];

/** The bytes of `text`, or `undefined` when it is no IP address (RFC 4291; a zone such as `%eth0` is left out). */
export function addressBytes(text: string): AddressBytes | undefined {
  if (!text.includes(':')) return ipv4Bytes(text);
  const [address = ''] = text.split('%', 1);
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => groupBytes(half, index === halves.length - 1));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  if (tail === undefined) return head.length === 16 ? head : undefined;
  const gap = 16 - head.length - tail.length;
  return gap < 2 ? undefined : [...head, ...new Array<number>(gap).fill(0), ...tail];
}

/** A range of addresses, as `10.1.0.0/16` names it; without a slash it is the one address. */
export class Subnet {
  /** How many leading bits count. */
  readonly bits: number;
  readonly #bytes: AddressBytes;

  private constructor(bytes: AddressBytes, bits: number) {
    this.#bytes = bytes;
    this.bits = bits;
  }

  /** `undefined` when `text` is no range. */
  static parse(text: string): Subnet | undefined {
    const [address = '', length] = text.split('/');
    const bytes = addressBytes(address);
    if (bytes === undefined) return undefined;
    const bits = length === undefined ? bytes.length * 8 : Number(length);
    return Number.isInteger(bits) && bits >= 0 && bits <= bytes.length * 8 ? new Subnet(bytes, bits) : undefined;
  }

  contains(address: AddressBytes): boolean {
    if (address.length !== this.#bytes.length) return false;
    return this.#bytes.every((byte, index) => {
      const counted = Math.min(8, Math.max(0, this.bits - index * 8));
      const mask = (0xff << (8 - counted)) & 0xff;
      return (byte & mask) === (address[index]! & mask);
    });
  }
}

function ipv4Bytes(text: string): AddressBytes | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.map(Number);
}

/** The bytes of one side of `::`. At the very end an IPv4 address may take the place of two groups. */
function groupBytes(text: string, atEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (/^[\da-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const last = atEnd && index === groups.length - 1 ? ipv4Bytes(group) : undefined;
    if (last === undefined) return undefined;
    bytes.push(...last);
  }
  return bytes;
}
