/** An unsigned 64-bit number that changes in place; arithmetic wraps. Its halves are kept as signed 32-bit integers. */
export class Word64 {
  high: number;
  low: number;

  constructor(high: number, low: number) {
    this.high = high | 0;
    this.low = low | 0;
  }

  set(other: Word64): void {
    this.high = other.high;
    this.low = other.low;
  }

  add(other: Word64): void {
    const low = (this.low + other.low) | 0;
    const carry = low >>> 0 < this.low >>> 0 ? 1 : 0;
    this.high = (this.high + other.high + carry) | 0;
    this.low = low;
  }

  subtract(other: Word64): void {
    const borrow = this.low >>> 0 < other.low >>> 0 ? 1 : 0;
    this.high = (this.high - other.high - borrow) | 0;
    this.low = (this.low - other.low) | 0;
  }

  /** Adds a whole number of up to 32 bits. */
  addInt(value: number): void {
    const low = (this.low + value) | 0;
    if (low >>> 0 < this.low >>> 0) this.high = (this.high + 1) | 0;
    this.low = low;
  }

  multiply(other: Word64): void {
    const { high, low } = this;
    // The lower halves need all 64 bits of their product: four products of 16-bit digits, which with
    // what is carried into them fit into 32 bits; only their sign is wrong, and no operation below looks at it.
    const digit0 = low & 0xffff;
    const digit1 = low >>> 16;
    const other0 = other.low & 0xffff;
    const other1 = other.low >>> 16;
    const middle = (Math.imul(digit1, other0) + (Math.imul(digit0, other0) >>> 16)) | 0;
    const carried = (Math.imul(digit0, other1) + (middle & 0xffff)) | 0;
    const upper = (Math.imul(digit1, other1) + (middle >>> 16) + (carried >>> 16)) | 0;
    this.high = (upper + Math.imul(high, other.low) + Math.imul(low, other.high)) | 0;
    this.low = Math.imul(low, other.low);
  }

  xor(other: Word64): void {
    this.high ^= other.high;
    this.low ^= other.low;
  }

  /** @param bits 1 to 31. */
  rotateLeft(bits: number): void {
    const { high, low } = this;
    this.high = (high << bits) | (low >>> (32 - bits));
    this.low = (low << bits) | (high >>> (32 - bits));
  }

  /** `this ^= this >>> bits`. @param bits 1 to 63. */
  xorShiftRight(bits: number): void {
    const { high, low } = this;
    if (bits >= 32) {
      this.low = low ^ (high >>> (bits - 32));
      return;
    }
    this.low = low ^ ((low >>> bits) | (high << (32 - bits)));
    this.high = high ^ (high >>> bits);
  }
}
