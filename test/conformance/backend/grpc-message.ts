import type { Arrival } from './arrival.ts';

/** One byte for compression, four for the length. */
const PREFIX_BYTES = 5;

/** `text` as one uncompressed message of a gRPC call. Source: gRPC over HTTP2, "Length-Prefixed-Message". */
export function grpcMessage(text: string): Buffer {
  const message = Buffer.from(text);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Whether a request is a gRPC call. */
export function isGrpc({ headers }: Pick<Arrival, 'headers'>): boolean {
  return headers.some(([name, value]) => name === 'content-type' && value.startsWith('application/grpc'));
}

/** Takes the prefix away from a body with one message that comes in parts. */
export class GrpcPrefix {
  #left = PREFIX_BYTES;

  strip(chunk: Buffer): Buffer {
    const rest = chunk.subarray(this.#left);
    this.#left -= chunk.length - rest.length;
    return rest;
  }
}
