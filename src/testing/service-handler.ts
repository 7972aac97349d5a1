import { MeshError } from '../common/errors.ts';
import type { Random } from '../common/random.ts';
import type { DurationInput } from './duration-input.ts';
import type { ServiceAnswer, ServiceRequest } from './memory-service.ts';

/** Where a request arrived, and what a handler may use. */
export interface ServedAt {
  /** The shortest name of the service, such as `reviews`. */
  readonly service: string;
  /** Subset or version; empty where the endpoint has none. */
  readonly subset: string;
  /** `ip:port` */
  readonly endpoint: string;
  /** Which try of its call it is, from 1. */
  readonly attempt: number;
  /** Chance of the mesh's seed, apart from the mesh's own. */
  readonly random: Random;
  /** Waits on the mesh's clock. */
  sleep(time: DurationInput): Promise<void>;
}

/** What a handler answers, in short. Nothing: 200 without a body. */
export interface HandlerAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  /** Takes the place of `body`, with its content type. */
  readonly json?: unknown;
  /** How long the service takes for it, on the mesh's clock. */
  readonly delay?: DurationInput;
}

/** Everything a handler may answer. `hang`: never; `reset`: the connection breaks. */
export type TestAnswer = HandlerAnswer | Response | 'hang' | 'reset' | undefined;

/** A service of a test mesh. What it throws ends the call, and its caller gets to see it. */
export type ServiceHandler = (request: ServiceRequest, at: ServedAt) => TestAnswer | Promise<TestAnswer>;

/** The services of a test mesh: one handler for all of a service, or one for each of its subsets. */
export type ServiceHandlers = Readonly<Record<string, ServiceHandler | Readonly<Record<string, ServiceHandler>>>>;

/** Who served a request: what services answer that nobody gave a handler. */
export interface DefaultAnswer {
  readonly service: string;
  readonly subset: string;
  readonly endpoint: string;
  readonly method: string;
  readonly path: string;
}

/** The answer of a service that nobody gave a handler: {@link DefaultAnswer} as JSON. */
export function defaultAnswer({ method, path }: ServiceRequest, { service, subset, endpoint }: ServedAt): HandlerAnswer {
  const json: DefaultAnswer = { service, subset, endpoint, method, path };
  return { json };
}

/** An answer with everything filled in. */
export type WholeAnswer = Exclude<ServiceAnswer, string>;

const FIELDS: ReadonlySet<string> = new Set<keyof HandlerAnswer>(['status', 'headers', 'body', 'json', 'delay']);

/**
 * @param from - the service that answers
 * @throws {MeshError} `ERR_INVALID_ARGUMENT` for what is no answer, which would be an empty 200: a text, or an object that was meant as its body.
 */
export function assertAnswer(answer: TestAnswer | null, from: string): asserts answer is TestAnswer {
  if (answer === undefined || answer instanceof Response || answer === 'hang' || answer === 'reset') return;
  const isObject = typeof answer === 'object' && answer !== null && !Array.isArray(answer);
  const unknown = isObject ? Object.keys(answer).find((field) => !FIELDS.has(field)) : undefined;
  if (isObject && unknown === undefined) return;
  const what = unknown === undefined ? JSON.stringify(answer) : `an object with ${unknown}`;
  throw new MeshError('ERR_INVALID_ARGUMENT', `services: ${from} answered ${what}: an answer is a Response, 'hang', 'reset', nothing, or an object of ${[...FIELDS].join(', ')}, such as { ${typeof answer === 'string' ? 'body' : 'json'}: … }`);
}

/** In the words of an in-memory service. */
export async function wholeAnswer(answer: HandlerAnswer | Response | undefined): Promise<WholeAnswer> {
  if (answer instanceof Response) {
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of answer.headers) headers[name] = value;
    const cookies = answer.headers.getSetCookie();
    if (cookies.length > 0) headers['set-cookie'] = cookies;
    return { status: answer.status, headers, body: new Uint8Array(await answer.arrayBuffer()) };
  }
  const { status = 200, headers = {}, body = '', json } = answer ?? {};
  if (json === undefined) return { status, headers, body };
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(json) };
}
