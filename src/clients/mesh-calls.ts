import type { Dispatcher } from 'undici';
import { hasHeader } from '../common/headers.ts';
import { egressOf } from '../engine/egress.ts';
import { parseOrigin } from '../engine/target.ts';
import type { Mesh } from '../mesh.ts';
import type { ServedRequest } from '../serve/served-request.ts';
import { NO_CONTROLLER } from './local-answer.ts';

/** Where a request is to go. */
export interface CallSource {
  /** What the client dialled, such as `http://reviews:9080`; the Host or `:authority` says only which rules apply. */
  readonly origin: string;
}

/** What belongs to one connection; undici would refuse to pass it on past the rules. */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'transfer-encoding', 'upgrade']);

/** Sends a request that a client wrote on a connection the way of `mesh.dispatcher`: rules, outbound policy, whatever is installed behind it. */
export function callThrough(mesh: Mesh, { method, authority, path, headers: given, body, http2, upgrade }: ServedRequest<unknown>, source: CallSource, answer: Dispatcher.DispatchHandler): void {
  const headers = ['host', authority];
  for (let i = 0; i < given.length; i += 2) if (!OF_THE_CONNECTION.has(given[i]!)) headers.push(given[i]!, given[i + 1]!);
  try {
    const { origin } = source;
    if (hasHeader(headers, 'expect') && egressOf(mesh.snapshot, parseOrigin(origin), {}).kind !== 'mesh') goOn(headers, answer);
    const options = { origin, method, path, headers, body, http2, ...(upgrade !== undefined && { upgrade }) };
    mesh.dispatcher.dispatch(options as Dispatcher.DispatchOptions, answer);
  } catch (error) {
    answer.onResponseError?.(NO_CONTROLLER, error as Error);
  }
}

/** Nobody but Envoy asks an endpoint whether it wants the body: it is asked for at once. */
function goOn(headers: string[], answer: Dispatcher.DispatchHandler): void {
  headers.splice(headers.findIndex((name, index) => index % 2 === 0 && name === 'expect'), 2);
  answer.onResponseStart?.(NO_CONTROLLER, 100, {});
}
