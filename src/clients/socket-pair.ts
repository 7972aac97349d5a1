import type { SocketReadyState } from 'node:net';
import { Duplex } from 'node:stream';

type Callback = (error?: Error | null) => void;

/** What one end of a pair tells of where it stands. */
export interface PairAddresses {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
}

/**
 * One end of a connection within this process. What HTTP clients and servers ask of a `net.Socket` is here: the time of silence, the addresses, and
 * methods that mean something to the system's sockets alone.
 *
 * Bytes arrive in a later turn than the one they were written in, as from a socket: parsers rely on it.
 */
export class PairSocket extends Duplex {
  readonly connecting = false;
  readonly pending = false;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  /** Milliseconds without a byte after which `timeout` is emitted; absent: never. */
  timeout: number | undefined;
  #other: PairSocket | undefined;
  /** The other's write that waits until what it brought is read. */
  #unread: Callback | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(allowHalfOpen: boolean, { remoteAddress, remotePort }: PairAddresses) {
    super({ allowHalfOpen, emitClose: false });
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  /** Clients that find it open wait for no `connect`. */
  get readyState(): SocketReadyState {
    if (this.destroyed) return 'closed';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  join(other: PairSocket): void {
    this.#other = other;
  }

  #arrive(chunk: Buffer, read: Callback): void {
    if (this.destroyed || this.readableEnded) {
      read();
      return;
    }
    this.#timer?.refresh();
    this.bytesRead += chunk.length;
    if (this.push(chunk)) read();
    else this.#unread = read;
  }

  #end(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }

  override _read(): void {
    const read = this.#unread;
    this.#unread = undefined;
    read?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#timer?.refresh();
    this.bytesWritten += chunk.length;
    process.nextTick(() => this.#other!.#arrive(chunk, callback));
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], callback: Callback): void {
    this._write(chunks.length === 1 ? chunks[0]!.chunk : Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', callback);
  }

  override _final(callback: Callback): void {
    process.nextTick(() => {
      this.#other!.#end();
      callback();
    });
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this._read();
    callback(error);
    process.nextTick(() => {
      // What was written before has reached the other by now.
      this.emit('close', error !== null);
      this.#other!.#left(this.writableFinished);
    });
  }

  /** The other end is gone. */
  #left(orderly: boolean): void {
    if (this.destroyed) return;
    // A reader may be slow, and finds the end behind what it has not read; of anything else it is told by the close.
    if (orderly && !this.readableEnded) this.once('end', () => this.destroy());
    else this.destroy();
  }

  /** Ends it when everything is written, and closes it then. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  /** Emits `timeout`, and does nothing else, after so many milliseconds without a byte; 0: never. */
  setTimeout(timeoutMs: number, listener?: () => void): this {
    if (listener !== undefined) {
      if (timeoutMs > 0) this.once('timeout', listener);
      else this.off('timeout', listener);
    }
    clearTimeout(this.#timer);
    this.timeout = timeoutMs > 0 ? timeoutMs : undefined;
    this.#timer = this.timeout === undefined || this.destroyed ? undefined : setTimeout(() => this.emit('timeout'), timeoutMs).unref();
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  /** A pair keeps no process alive: what its requests wait for does. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** Both ends of a connection. */
export interface SocketPair {
  /** For a client, which thinks that it has called `callee`. */
  readonly near: PairSocket;
  /** For a server. */
  readonly far: PairSocket;
}

/** A connection within this process. */
export function socketPair(callee: PairAddresses): SocketPair {
  const near = new PairSocket(false, callee);
  const far = new PairSocket(true, { remoteAddress: undefined, remotePort: undefined });
  near.join(far);
  far.join(near);
  return { near, far };
}
