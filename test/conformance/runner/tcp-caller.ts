import type { Socket } from 'node:net';
import type { TcpSpec } from '../case/case-file.ts';

/** How one TCP connection went, as its caller saw it. */
export interface TcpOutcome {
  /** The lines that came back; absent when none did. */
  readonly reply?: string;
  /** `closed`: the connection was refused, or ended without a reply. `timeout`: neither a reply nor an end came. */
  readonly error?: 'closed' | 'timeout';
  /** It lasted as long as it was to be held. */
  readonly open?: true;
  /** Milliseconds after the dial when a held connection, or a refused one that is timed, was closed. */
  readonly closedMs?: number;
}

/** A caller waits this long for a reply; no recorded one comes near it. */
const PATIENCE_MS = 12_000;

/**
 * Opens a connection, sends what `tcp` says, reads what comes back and leaves.
 *
 * @param open - gives the connection, or `undefined` when it was refused
 */
export async function callTcp(open: () => Promise<Socket | undefined>, tcp: TcpSpec): Promise<TcpOutcome> {
  const dialledAt = performance.now();
  const socket = await open();
  const sinceDial = (): number => performance.now() - dialledAt;
  if (socket === undefined) return { error: 'closed', ...(tcp.timed && { closedMs: Math.round(sinceDial()) }) };
  const caller = new TcpCaller(socket, tcp, sinceDial);
  return caller.outcome();
}

/** The caller's end of one connection. */
class TcpCaller {
  readonly #socket: Socket;
  readonly #tcp: TcpSpec;
  readonly #sinceDial: () => number;
  readonly #timers: NodeJS.Timeout[] = [];
  #text = '';
  #resolve: (outcome: TcpOutcome) => void = () => {};

  constructor(socket: Socket, tcp: TcpSpec, sinceDial: () => number) {
    this.#socket = socket;
    this.#tcp = tcp;
    this.#sinceDial = sinceDial;
  }

  async outcome(): Promise<TcpOutcome> {
    const socket = this.#socket;
    const { send, sendAfterMs } = this.#tcp;
    const outcome = new Promise<TcpOutcome>((resolve) => (this.#resolve = resolve));
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => this.#closed());
    socket.on('end', () => this.#closed());
    socket.on('close', () => this.#closed());
    this.#after(PATIENCE_MS, () => this.#leave({ ...this.#reply(), error: 'timeout' }));
    if (send !== undefined) socket.write(`${send}\n`);
    if (sendAfterMs !== undefined) this.#after(sendAfterMs - this.#sinceDial(), () => socket.write('again\n'));
    const result = await outcome;
    for (const timer of this.#timers) clearTimeout(timer);
    return result;
  }

  // The first reply starts the hold; without a hold the connection ends with the last reply that is due.
  #take(bytes: Buffer): void {
    const before = this.#lines().length;
    this.#text += bytes.toString('latin1');
    const { holdMs, sendAfterMs } = this.#tcp;
    const lines = this.#lines().length;
    if (holdMs !== undefined) {
      if (before === 0 && lines > 0) this.#after(holdMs, () => this.#leave({ ...this.#reply(), open: true }));
    } else if (lines >= (sendAfterMs === undefined ? 1 : 2)) {
      this.#leave(this.#reply());
    }
  }

  #closed(): void {
    const { holdMs, timed } = this.#tcp;
    const closedMs = Math.round(this.#sinceDial());
    const replied = this.#lines().length > 0;
    this.#resolve({
      ...this.#reply(),
      ...(!replied && { error: 'closed' as const }),
      ...((replied ? holdMs !== undefined : timed) && { closedMs }),
    });
    this.#socket.destroy();
  }

  #leave(outcome: TcpOutcome): void {
    this.#resolve(outcome);
    this.#socket.end();
  }

  #reply(): Pick<TcpOutcome, 'reply'> {
    const lines = this.#lines();
    return lines.length === 0 ? {} : { reply: lines.join(' | ') };
  }

  #lines(): string[] {
    return this.#text.split('\n').slice(0, -1);
  }

  #after(ms: number, action: () => void): void {
    this.#timers.push(setTimeout(action, Math.max(0, ms)));
  }
}
