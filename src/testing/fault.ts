import { MeshError } from '../common/errors.ts';
import { isLike, type CallPattern } from './call-log.ts';
import { durationMs, type DurationInput } from './duration-input.ts';
import { connectionReset, type ServiceRequest } from './memory-service.ts';
import { settle } from './turns.ts';
import type { HandlerAnswer, WholeAnswer } from './service-handler.ts';

/** What goes wrong, and with which requests. */
export interface TestFault extends Pick<CallPattern, 'headers' | 'path' | 'method'> {
  /** How long it takes before anything else happens, on the mesh's clock. */
  readonly delay?: DurationInput;
  /** The answer in the service's place. */
  readonly status?: number;
  /** With `status`. Default: none. */
  readonly body?: string;
  /** The connection breaks before an answer. */
  readonly reset?: boolean;
  /** The connection can't be made. */
  readonly refuse?: boolean;
  /** No answer ever. */
  readonly hang?: boolean;
  /** The connection breaks after so many bytes of the answer's body. */
  readonly truncate?: number;
  /** How long the answer's body takes to come, in ten parts. */
  readonly slow?: DurationInput;
  /** `fail`: the names of the service's endpoints can't be looked up. Whoever looked them up before keeps what it found. */
  readonly dns?: 'fail';
  /** Only the nth of those requests, from 1; each try is one. */
  readonly nth?: number;
  /** Only the first so many of those requests; each try is one. */
  readonly times?: number;
  /**
   * Where it happens. `endpoint`: the service itself misbehaves, so that timeouts, retries, outlier detection and breakers have their say.
   * `route`: as `fault` of a VirtualService does it, before any endpoint is chosen and never retried; `delay` and `status` only, and in
   * the place of a fault that the rule has. Default `endpoint`.
   */
  readonly at?: 'endpoint' | 'route';
}

const KINDS = ['status', 'reset', 'refuse', 'hang', 'truncate', 'slow', 'dns'] as const;
const FIELDS: ReadonlySet<string> = new Set<keyof TestFault>(['delay', ...KINDS, 'body', 'headers', 'path', 'method', 'nth', 'times', 'at']);

/** @throws {MeshError} `ERR_INVALID_ARGUMENT` for faults that mean nothing. */
export function assertFault(fault: TestFault): void {
  const fail = (problem: string): never => {
    throw new MeshError('ERR_INVALID_ARGUMENT', `fault: ${problem}`);
  };
  // What is misspelled would hit more requests than were meant.
  const unknown = Object.keys(fault).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) fail(`has no field ${unknown}: it may have ${[...FIELDS].join(', ')}`);
  const given = KINDS.filter((kind) => fault[kind] !== undefined && fault[kind] !== false);
  if (given.length === 0 && fault.delay === undefined) fail(`does nothing: give one of delay, ${KINDS.join(', ')}`);
  const answers = given.filter((kind) => kind !== 'slow');
  if (answers.length > 1 || (given.includes('slow') && answers.length === 1 && !answers.includes('status') && !answers.includes('truncate'))) fail(`${given.join(' and ')} can't be had together`);
  if (fault.dns !== undefined && fault.delay !== undefined) fail("dns and delay can't be had together");
  if (fault.dns !== undefined && (fault.headers ?? fault.path ?? fault.method) !== undefined) fail('dns is looked up for no request in particular: leave headers, path and method out');
  if (fault.body !== undefined && fault.status === undefined) fail('body goes with status');
  const delayMs = fault.delay === undefined ? undefined : durationMs(fault.delay);
  if (fault.slow !== undefined) durationMs(fault.slow);
  const { status, truncate, nth, times, at = 'endpoint' } = fault;
  if (status !== undefined && !isWhole(status, 200, 599)) fail(`status must be 200 to 599, got ${status}`);
  if (truncate !== undefined && !isWhole(truncate, 0, Infinity)) fail(`truncate must be a number of bytes, got ${truncate}`);
  for (const [field, value] of Object.entries({ nth, times })) if (value !== undefined && !isWhole(value, 1, Infinity)) fail(`${field} must be a whole number from 1, got ${value}`);
  if (nth !== undefined && times !== undefined) fail("nth and times can't be had together");
  if (at === 'route') {
    const other = given.find((kind) => kind !== 'status');
    if (other !== undefined) fail(`${other} is nothing that a route can do: only delay and status (leave out at: 'route')`);
    if (delayMs !== undefined && delayMs < 1) fail('a delay of a route must be at least 1 ms');
  }
}

/** A fault in force. */
export class ActiveFault {
  readonly fault: TestFault;
  readonly delayMs: number;
  #seen = 0;

  constructor(fault: TestFault) {
    assertFault(fault);
    this.fault = fault;
    this.delayMs = fault.delay === undefined ? 0 : durationMs(fault.delay);
  }

  /** Whether it is the turn of `request`; counts it. Without a request: of a look-up. */
  claims(request?: Pick<ServiceRequest, 'path' | 'method' | 'headers'>): boolean {
    const { headers, path, method, nth, times = Infinity } = this.fault;
    if (request !== undefined && !isLike(request, { headers, path, method })) return false;
    this.#seen++;
    return nth === undefined ? this.#seen <= times : this.#seen === nth;
  }

  /** The answer in the service's place, or `undefined` when the service answers itself. */
  get answer(): HandlerAnswer | 'hang' | 'reset' | Error | undefined {
    const { status, body, reset, refuse, hang } = this.fault;
    if (status !== undefined) return { status, body };
    if (hang === true) return 'hang';
    if (reset === true) return 'reset';
    return refuse === true ? Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) : undefined;
  }

  /** What is left of an answer on its way. */
  async spoil(answer: WholeAnswer, pause: (ms: number) => Promise<void>): Promise<WholeAnswer> {
    const { truncate, slow } = this.fault;
    if (truncate === undefined && slow === undefined) return answer;
    const bytes = await bytesOf(answer.body ?? '');
    return { ...answer, body: inParts(bytes, truncate, slow === undefined ? 0 : durationMs(slow), pause) };
  }
}

const PARTS = 10;
const TURNS_TO_READ = 4;

async function* inParts(bytes: Buffer, truncate: number | undefined, takesMs: number, pause: (ms: number) => Promise<void>): AsyncGenerator<Uint8Array> {
  const sent = truncate === undefined ? bytes : bytes.subarray(0, truncate);
  const parts = takesMs === 0 ? 1 : PARTS;
  for (let part = 0; part < parts; part++) {
    if (takesMs > 0) await pause(takesMs / parts);
    const chunk = sent.subarray(Math.floor((sent.length * part) / parts), Math.floor((sent.length * (part + 1)) / parts));
    if (chunk.length > 0) yield chunk;
  }
  if (truncate === undefined) return;
  // What came before is read first, as it is where bytes and the end of a connection come one after the other.
  await settle(TURNS_TO_READ);
  throw connectionReset();
}

async function bytesOf(body: NonNullable<WholeAnswer['body']>): Promise<Buffer> {
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body as string);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk as string));
  return Buffer.concat(chunks);
}

function isWhole(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}

