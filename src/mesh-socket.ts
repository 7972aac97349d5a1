import type { AddressInfo, Socket, SocketReadyState } from 'node:net';
import { Duplex } from 'node:stream';
import { MeshError } from './common/errors.ts';

/** Where a driver wants to go. */
export interface SocketTarget {
  readonly host: string;
  readonly port: number;
}

/** A connection on its way. */
export interface OpeningSocket {
  readonly opened: Promise<Socket>;
  abort(error: Error): void;
}

/** Begins to open a connection; throws for a target that is none. */
export type OpenSocket = (target: SocketTarget) => OpeningSocket;

/** How it behaves, whatever it carries. */
export interface SocketBehaviour {
  readonly allowHalfOpen?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Callback = (error?: Error | null) => void;

/**
 * What `net.connect` gives, of a connection that the mesh is still to open: there at once, to be written to at once. When the connection is open its
 * bytes pass through, each end's pace held back by the other's. Node has no `net.Socket` that gets its handle later from somewhere else, hence a stream of
 * its own around it.
 *
 * It emits what a `net.Socket` emits, in the same order: `connect`, `ready`; `timeout`; `error` and `close` with whether there was one.
 */
export class MeshSocket extends Duplex {
  readonly #open: OpenSocket;
  #opening: OpeningSocket | undefined;
  #socket: Socket | undefined;
  #isGone = false;
  #resets = false;
  /** What was asked of a socket that was not there yet. */
  readonly #wishes: ((socket: Socket) => void)[] = [];
  /** The write or the end that waits for the connection: a stream has one under way at a time. */
  #held: Callback | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds without a byte after which `timeout` is emitted; absent: never. */
  timeout: number | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.destroy(this.#signal!.reason as Error);

  constructor(open: OpenSocket, { allowHalfOpen = false, signal }: SocketBehaviour = {}) {
    // As `net.Socket`: `close` is emitted here, since it says more.
    super({ allowHalfOpen, decodeStrings: false, emitClose: false });
    this.#open = open;
    this.#signal = signal;
    if (signal?.aborted === true) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** `connect(port, host, listener)` or `connect({ port, host }, listener)`, as of a `net.Socket` that goes nowhere yet. Once only. */
  connect(target: number | string | Partial<SocketTarget>, ...rest: readonly unknown[]): this {
    const listener = rest.find((one) => typeof one === 'function');
    const { host, port } = typeof target === 'object' ? target : { host: rest[0] as string, port: target };
    if (this.#opening !== undefined || this.destroyed) throw new MeshError('ERR_INVALID_ARGUMENT', 'connect: this connection has its target already; make one without host and port for a driver that calls connect itself');
    // Whoever reads a port in an environment variable has a string, which `net` takes too.
    this.#opening = this.#open({ host: host!, port: typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : (port as number) });
    if (listener !== undefined) this.once('connect', listener as () => void);
    this.#opening.opened.then(
      // What a listener throws is an uncaught exception, as with any socket, and not the rejection of a promise.
      (socket) => process.nextTick(() => this.#opened(socket)),
      (error: unknown) => this.destroy(error as Error),
    );
    return this;
  }

  #opened(socket: Socket): void {
    if (this.destroyed) return;
    this.#socket = socket;
    // Whether it ends with the other side is decided here.
    socket.allowHalfOpen = true;
    socket.on('data', (chunk: Buffer) => {
      this.#timer?.refresh();
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.#gone(socket));
    for (const wish of this.#wishes.splice(0)) wish(socket);
    this.#release();
    this.#timer?.refresh();
    this.emit('connect');
    this.emit('ready');
  }

  #gone(socket: Socket): void {
    this.#isGone = true;
    // What it brought in may still be read, unless it was cut off.
    if (!socket.readableEnded || !socket.writableFinished) this.destroy();
  }

  #release(error?: Error): void {
    const held = this.#held;
    this.#held = undefined;
    held?.(error);
  }

  #wish(wish: (socket: Socket) => void): this {
    if (this.#socket === undefined) this.#wishes.push(wish);
    else wish(this.#socket);
    return this;
  }

  /** Runs `act` on the open socket, or fails with what kept it from opening. */
  #withSocket(act: (socket: Socket, callback: Callback) => void, callback: Callback): void {
    const done: Callback = (error) => {
      this.#timer?.refresh();
      // Why, and whether it is an error at all, the socket tells with its end, which is near: this waits for it.
      if (error && !this.destroyed) this.#held = callback;
      else callback(error);
    };
    if (this.#socket === undefined) this.#held = (error) => (error === undefined ? act(this.#socket!, done) : callback(error));
    else act(this.#socket, done);
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, callback: Callback): void {
    this.#withSocket((socket, done) => socket.write(chunk, encoding, done), callback);
  }

  override _writev(chunks: readonly { chunk: Buffer | string; encoding: BufferEncoding }[], callback: Callback): void {
    this.#withSocket((socket, done) => {
      socket.cork();
      const last = chunks.length - 1;
      for (const [index, { chunk, encoding }] of chunks.entries()) socket.write(chunk, encoding, index === last ? done : undefined);
      socket.uncork();
    }, callback);
  }

  override _final(callback: Callback): void {
    // Nothing was sent and nothing was to come: as `net.Socket`, an end before any connect is an end.
    if (this.#opening === undefined) callback();
    else this.#withSocket((socket, done) => socket.end(done), callback);
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const reason = error ?? new Error('the connection was closed before it was open');
    const done = (): void => {
      callback(error);
      // After `error`, which the stream emits in the tick before.
      process.nextTick(() => this.emit('close', error !== null));
    };
    this.#wishes.length = 0;
    this.#release(reason);
    const socket = this.#socket;
    if (socket === undefined) this.#opening?.abort(reason);
    if (socket === undefined || this.#isGone) {
      done();
      return;
    }
    socket.once('close', done);
    if (this.#resets) socket.resetAndDestroy();
    else socket.destroy();
  }

  /** Ends it when everything is written, and closes it then, whatever the other side still sends. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Closes it with a reset. */
  resetAndDestroy(): this {
    this.#resets = true;
    return this.destroy();
  }

  /** Emits `timeout`, and does nothing else, after so many milliseconds without a byte, also while it is being opened; 0: never. */
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

  setNoDelay(noDelay?: boolean): this {
    return this.#wish((socket) => socket.setNoDelay(noDelay));
  }

  /** In place of what the DestinationRule says of keep-alive. */
  setKeepAlive(...settings: Parameters<Socket['setKeepAlive']>): this {
    return this.#wish((socket) => socket.setKeepAlive(...settings));
  }

  ref(): this {
    return this.#wish((socket) => socket.ref());
  }

  /** Once it is open, it does not keep the process alive; opening has an end anyway. */
  unref(): this {
    return this.#wish((socket) => socket.unref());
  }

  get connecting(): boolean {
    return this.#opening !== undefined && this.#socket === undefined && !this.destroyed;
  }

  get pending(): boolean {
    return this.#socket === undefined;
  }

  get readyState(): SocketReadyState {
    if (this.connecting) return 'opening';
    if (this.#socket === undefined || this.destroyed) return 'closed';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  get bytesWritten(): number {
    return this.#socket?.bytesWritten ?? 0;
  }

  get bufferSize(): number {
    return this.writableLength;
  }

  get remoteAddress(): string | undefined {
    return this.#socket?.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket?.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#socket?.remoteFamily;
  }

  get localAddress(): string | undefined {
    return this.#socket?.localAddress;
  }

  get localPort(): number | undefined {
    return this.#socket?.localPort;
  }

  get localFamily(): string | undefined {
    return this.#socket?.localFamily;
  }

  address(): AddressInfo | Record<string, never> {
    return (this.#socket?.address() ?? {}) as AddressInfo | Record<string, never>;
  }
}
