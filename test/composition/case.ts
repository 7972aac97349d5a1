import type { Script, ScriptedRequest } from '../engine/scripted-service.ts';

/** Everything that a rule can ask for and that could meet another thing that a rule asks for. */
export const POLICIES = [
  'delay', 'abort', 'timeout', 'per-try timeout', 'retries', 'max pending', 'max connections', 'max requests', 'max retries',
  'outlier', 'mirror', 'split', 'subset', 'headers', 'rewrite', 'redirect', 'direct response', 'cors',
] as const;

export type Policy = (typeof POLICIES)[number];

/** Endpoints of `reviews`: `a` and `b` are version v1, `c` is v2. */
export type Endpoint = 'a' | 'b' | 'c';

export const ADDRESSES: Readonly<Record<Endpoint, string>> = { a: '10.0.1.1', b: '10.0.1.2', c: '10.0.2.1' };

/** What an endpoint does with its nth request (from 0); `refuses` does not even take the connection. */
export type Play = Script | 'refuses' | ((nth: number, request: ScriptedRequest) => Script);

/** One call. */
export interface CallSpec {
  /** Default `/`. */
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** When it is made, in milliseconds. Default 0. */
  readonly atMs?: number;
  /** When its caller gives it up. Default: never. */
  readonly giveUpAtMs?: number;
}

/** What became of it. Only what is given is compared. */
export interface Outcome {
  readonly status?: number;
  readonly flags?: string;
  readonly attempts?: number;
  readonly details?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** When it was over. */
  readonly overAtMs?: number;
  /** Name of the error that it ended with, before or after its response began. */
  readonly error?: string;
}

/** One pair of policies, and the rule of their meeting. */
export interface Case {
  readonly pair: readonly [Policy, Policy];
  /** In a sentence. */
  readonly rule: string;
  /** Rules of the VirtualService, as flow YAML. */
  readonly http: readonly string[];
  /** `trafficPolicy` of the service, as flow YAML. */
  readonly policy?: string;
  /** Default: 200 at once. */
  readonly services?: Partial<Readonly<Record<Endpoint, Play>>>;
  /** Default: one GET. */
  readonly calls?: readonly CallSpec[];
  /** What chance gives, again and again. Default 0: every share hits, the first choice is taken, no back-off. */
  readonly draws?: readonly number[];
  /** One for each call. */
  readonly outcomes?: readonly Outcome[];
  /** Requests at each endpoint, in order: paths, or what to compare. Endpoints that are left out must have seen none. */
  readonly seen?: Partial<Readonly<Record<Endpoint, readonly (string | Partial<ScriptedRequest>)[]>>>;
  /** `v1.upstream_rq_retry`, `all.…` for the cluster without a subset, `fault.delays_injected`. */
  readonly stats?: Readonly<Record<string, number>>;
  /** The two exclude each other: applying says so. */
  readonly refused?: RegExp;
}

export const TO_V1 = 'route: [{destination: {host: reviews, subset: v1}}]';
export const TO_V2 = 'route: [{destination: {host: reviews, subset: v2}}]';
export const TO_ALL = 'route: [{destination: {host: reviews}}]';
export const SPLIT = 'route: [{destination: {host: reviews, subset: v1}, weight: 50}, {destination: {host: reviews, subset: v2}, weight: 50}]';
export const DELAY = 'fault: {delay: {fixedDelay: 2s, percentage: {value: 100}}}';
export const ABORT = 'fault: {abort: {httpStatus: 418, percentage: {value: 100}}}';
export const MIRROR = 'mirror: {host: reviews, subset: v2}';
export const REDIRECT = 'redirect: {uri: /elsewhere}';
export const DIRECT = 'directResponse: {status: 203, body: {string: direct}}';
export const CORS = 'corsPolicy: {allowOrigins: [{exact: "http://shop"}], allowMethods: [GET, PUT], exposeHeaders: [x-cost]}';
export const ORIGIN = { origin: 'http://shop' };
export const PREFLIGHT: CallSpec = { method: 'OPTIONS', headers: { ...ORIGIN, 'access-control-request-method': 'PUT' } };
export const ALLOWED = { 'access-control-allow-origin': 'http://shop', 'access-control-expose-headers': 'x-cost' };

/** As many equal calls. */
export function times(count: number, call: CallSpec = {}): CallSpec[] {
  return Array.from({ length: count }, () => call);
}
