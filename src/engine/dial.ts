import net from 'node:net';
import type { Clock, TimerHandle } from '../common/clock.ts';
import { soon } from './soon.ts';

/** Where a connection goes. */
export interface ConnectTarget {
  /** IP address, host name, or path of a Unix socket. */
  readonly address: string;
  readonly port: number;
  /** Further IP addresses of the same server, for where `address` can't be reached or is slow. */
  readonly alternatives?: readonly string[];
  /** The cluster that asks. */
  readonly cluster: string;
}

/**
 * Opens a socket; calls back once, with an error or with a connected socket. Default: `net.connect`.
 *
 * @returns perhaps a function that gives up: it is called when nobody waits any more, after the connect timeout for one
 */
export type Connect = (target: ConnectTarget, callback: (error: Error | null, socket?: net.Socket) => void) => (() => void) | void;

/** How a socket is opened. */
export interface DialSettings {
  readonly connectTimeoutMs: number;
  /** Milliseconds of silence before the system probes the other side; absent: it never does. */
  readonly keepAliveDelayMs: number | undefined;
}

/** Told once what became of an attempt to connect, never from within `dial` itself. */
export interface DialWaiter {
  /** `socket` is open, and has an `error` listener: it can't bring the process down. */
  onSocket(socket: net.Socket): void;
  onDialFailed(error: Error, timedOut: boolean): void;
}

/**
 * Opens a socket, with a limit on the time it takes.
 *
 * @returns a function that gives up: the waiter is not told anything any more
 */
export function dial(target: ConnectTarget, settings: DialSettings, waiter: DialWaiter, clock: Clock, connect: Connect): () => void {
  let over = false;
  let giveUp: (() => void) | undefined;
  const end = (): boolean => {
    if (over) return false;
    over = true;
    clock.clearTimeout(timer);
    return true;
  };
  const stop = (): void => {
    giveUp?.();
    giveUp = undefined;
  };
  const fail = (error: Error, timedOut = false): void => {
    if (!end()) return;
    stop();
    waiter.onDialFailed(error, timedOut);
  };
  const timer: TimerHandle = clock.setTimeout(() => fail(new Error('connection timeout'), true), settings.connectTimeoutMs);
  const connected = (error: Error | null, socket: net.Socket | undefined): void => {
    giveUp = undefined;
    if (over) socket?.on('error', () => {}).destroy();
    else if (error !== null || socket === undefined) fail(error ?? new Error('no socket'));
    else if (socket.destroyed) fail(new Error('the socket was closed before it was used'));
    else {
      end();
      socket.setNoDelay(true);
      if (settings.keepAliveDelayMs !== undefined) socket.setKeepAlive(true, settings.keepAliveDelayMs);
      socket.on('error', () => {});
      waiter.onSocket(socket);
    }
  };
  try {
    const stopConnecting = connect(target, (error, socket) => soon(() => connected(error, socket)));
    if (typeof stopConnecting === 'function') giveUp = stopConnecting;
  } catch (error) {
    soon(() => fail(error as Error));
  }
  return () => {
    if (end()) stop();
  };
}

/** The `Connect` of production. Names are looked up by `lookup`, and their addresses tried one after another. */
export function netConnect(lookup?: (host: string) => Promise<readonly string[]>): Connect {
  const byLookup = lookup === undefined ? {} : { lookup: nodeLookup(lookup) };
  return ({ address, port, alternatives }, callback) => {
    const where = alternatives === undefined ? { host: address, port, ...byLookup } : happyEyeballs([address, ...alternatives], port);
    const socket = address.startsWith('/') ? net.connect({ path: address }) : net.connect({ ...where, noDelay: true });
    const onError = (error: Error): void => callback(inWords(error));
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.removeListener('error', onError);
      callback(null, socket);
    });
    // The system would go on trying for minutes, and keep the process alive meanwhile.
    return () => socket.connecting && socket.on('error', () => {}).destroy();
  };
}

/** Node tries the addresses of a name one after another, the next before the last has failed; so they are those of a name. Source: RFC 8305. */
function happyEyeballs(addresses: readonly string[], port: number): net.TcpNetConnectOpts {
  return { host: 'endpoint.invalid', port, autoSelectFamily: true, lookup: nodeLookup(() => Promise.resolve(addresses)) };
}

/** Where each of several addresses failed, Node's error has a code but no message. */
function inWords(error: Error): Error {
  if (!(error instanceof AggregateError) || error.message !== '') return error;
  return Object.assign(error, { message: error.errors.map((one: Error) => one.message).join('; ') });
}

/** In the words of `node:dns`, which `net.connect` speaks. */
function nodeLookup(lookup: (host: string) => Promise<readonly string[]>): net.LookupFunction {
  return (host, { all = false }, callback) => {
    lookup(host).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address, family: net.isIPv6(address) ? 6 : 4 }));
        const [first] = found;
        if (first === undefined) callback(Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' }), []);
        else if (all) callback(null, found);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, []),
    );
  };
}
