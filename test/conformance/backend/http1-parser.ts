/** The head of a request, as it stood on the wire. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** In order, repeats kept; names in lower case. */
  readonly headers: readonly (readonly [string, string])[];
}

export interface RequestEvents {
  head(head: RequestHead): void;
  body(chunk: Buffer): void;
  end(): void;
}

type State =
  | { readonly kind: 'head' }
  | { readonly kind: 'length'; left: number }
  | { readonly kind: 'chunk-size' }
  | { readonly kind: 'chunk'; left: number }
  | { readonly kind: 'trailers' };

/**
 * Requests of one HTTP/1.1 connection, one after the other. Written out because the answers of these servers break every rule
 * that `node:http` keeps; it reads only what a correct client sends and throws at anything else.
 */
export class RequestParser {
  readonly #events: RequestEvents;
  #pending: Buffer = Buffer.alloc(0);
  #state: State = { kind: 'head' };

  constructor(events: RequestEvents) {
    this.#events = events;
  }

  /** @throws when the bytes are not HTTP/1.1. */
  push(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    while (this.#step());
  }

  // One step forward; false when more bytes are needed.
  #step(): boolean {
    const state = this.#state;
    if (state.kind === 'length' || state.kind === 'chunk') return this.#readBody(state);
    if (state.kind === 'head') return this.#readHead();
    const line = this.#takeLine();
    if (line === undefined) return false;
    if (state.kind === 'chunk-size') {
      const size = Number.parseInt(line, 16);
      if (Number.isNaN(size)) throw new Error(`not a chunk size: ${JSON.stringify(line)}`);
      this.#state = size === 0 ? { kind: 'trailers' } : { kind: 'chunk', left: size };
    } else if (line === '') {
      this.#finish();
    }
    return true;
  }

  #readHead(): boolean {
    const end = this.#pending.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#pending.length > 0 && !/^[A-Z]/.test(this.#pending.toString('latin1', 0, 1))) throw new Error('not HTTP');
      return false;
    }
    const [requestLine = '', ...lines] = this.#pending.toString('latin1', 0, end).split('\r\n');
    this.#pending = this.#pending.subarray(end + 4);
    const match = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/1\.[01]$/.exec(requestLine);
    if (match === null) throw new Error(`not a request line: ${JSON.stringify(requestLine)}`);
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      if (colon < 1) throw new Error(`not a header line: ${JSON.stringify(line)}`);
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    this.#events.head({ method: match[1]!, path: match[2]!, headers });
    const header = (name: string): string | undefined => headers.find(([own]) => own === name)?.[1];
    const length = Number(header('content-length') ?? 0);
    if (header('transfer-encoding')?.toLowerCase().includes('chunked')) this.#state = { kind: 'chunk-size' };
    else if (length > 0) this.#state = { kind: 'length', left: length };
    else this.#finish();
    return true;
  }

  #readBody(state: Extract<State, { left: number }>): boolean {
    if (this.#pending.length === 0) return false;
    const chunk = this.#pending.subarray(0, state.left);
    if (chunk.length > 0) {
      this.#pending = this.#pending.subarray(chunk.length);
      state.left -= chunk.length;
      this.#events.body(chunk);
    }
    if (state.left > 0) return false;
    if (state.kind === 'length') {
      this.#finish();
      return true;
    }
    const rest = this.#takeLine();
    if (rest === undefined) return false;
    this.#state = { kind: 'chunk-size' };
    return true;
  }

  #finish(): void {
    this.#state = { kind: 'head' };
    this.#events.end();
  }

  #takeLine(): string | undefined {
    const end = this.#pending.indexOf('\r\n');
    if (end < 0) return undefined;
    const line = this.#pending.toString('latin1', 0, end);
    this.#pending = this.#pending.subarray(end + 2);
    return line;
  }
}
