import { MeshError } from '../common/errors.ts';
import { isSecretName, redactQuery } from '../common/secrets.ts';
import type { CallRecord, WritableRecord } from './call-record.ts';
import { isCalled, parseServiceName } from './service-names.ts';

/** What a recorded call has to be like. */
export interface CallPattern {
  /** Path with its query, or a pattern of it. */
  readonly path?: string | RegExp;
  /** In whatever case. */
  readonly method?: string;
  /** By name in whatever case. Of recorded calls not those that are secrets: their values are not kept. */
  readonly headers?: Readonly<Record<string, string | RegExp>>;
  readonly status?: number;
  /** Exactly these, such as `URX,UF`. */
  readonly flags?: string;
  /** Whether it is a mirrored copy. Default: either. */
  readonly mirrored?: boolean;
}

/** The calls that were recorded, in order: an array with two methods more. */
export interface CallList extends ReadonlyArray<CallRecord> {
  /** Those of a service (`ratings`) or of one of its subsets (`reviews/v2`). */
  for(service: string): CallRecord[];
  /** Likewise, those that came to an endpoint and are like `pattern`. */
  arrived(service: string, pattern?: CallPattern): CallRecord[];
}

/** Keeps what was called. */
export class CallLog {
  readonly list: WritableRecord[] & CallList;

  constructor(namespace: string) {
    const records: WritableRecord[] = [];
    const named = (name: string): WritableRecord[] => {
      const { service, subset } = parseServiceName(name);
      return records.filter((record) => isCalled(hostOf(record), service, namespace) && (subset === undefined || record.subset === subset));
    };
    this.list = Object.defineProperties(records, {
      for: { value: named },
      arrived: {
        value: (service: string, pattern: CallPattern = {}) => {
          assertComparable(pattern);
          return named(service).filter((record) => record.attempt > 0 && isLike(record, pattern));
        },
      },
    }) as WritableRecord[] & CallList;
  }

  add(record: WritableRecord): void {
    this.list.push(record);
  }

  clear(): void {
    this.list.length = 0;
  }
}

/** Headers as records show them. */
export function shownHeaders(headers: Iterable<readonly [string, string]>): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    shown[name] = isSecretName(name) ? '<redacted>' : name in shown ? `${shown[name]}, ${value}` : value;
  }
  return shown;
}

/** Paths as records show them. */
export const shownPath = redactQuery;

/** Whether a record, or a request, is like `pattern`, as far as that says anything. */
export function isLike(record: Pick<CallRecord, 'path' | 'method' | 'headers'> & Partial<CallRecord>, { path, method, headers = {}, ...exact }: CallPattern): boolean {
  if (path !== undefined && !fits(record.path, path)) return false;
  if (method !== undefined && record.method.toUpperCase() !== method.toUpperCase()) return false;
  for (const [name, value] of Object.entries(headers)) {
    const actual = record.headers[name.toLowerCase()];
    if (actual === undefined || !fits(actual, value)) return false;
  }
  return Object.entries(exact).every(([field, value]) => value === undefined || record[field as keyof CallRecord] === value);
}

/** @throws {MeshError} `ERR_INVALID_ARGUMENT` for what no record could tell. */
function assertComparable({ headers = {} }: CallPattern): void {
  const secret = Object.keys(headers).find(isSecretName);
  if (secret !== undefined) throw new MeshError('ERR_INVALID_ARGUMENT', `the value of ${secret} may be a secret, so that records show <redacted> and can't be asked for it: look at it in a handler of the service`);
}

function fits(text: string, pattern: string | RegExp): boolean {
  return typeof pattern === 'string' ? text === pattern : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(text);
}

function hostOf({ cluster, service }: CallRecord): string {
  const host = cluster?.split('|')[3];
  return host === undefined || host === '' ? service : host;
}
