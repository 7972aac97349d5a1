import { callOf, type CallInfo } from './engine/call-info.ts';

/**
 * How a call went: response flags, cluster, endpoint, attempts and the rule that decided.
 *
 * @param response - a `Response` of `mesh.fetch` (or a clone), or what `mesh.request` gave
 * @returns `undefined` for anything that did not come through a mesh
 */
export function meshInfo(response: unknown): CallInfo | undefined {
  return callOf(response)?.describe();
}
