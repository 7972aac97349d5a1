import { MeshError } from '../common/errors.ts';
import type { Origin } from '../common/origin.ts';
import { formatIssue, type ConfigIssue } from './issue.ts';
import { MAX_COMPILE_COST } from './limits.ts';

/** What parts of a snapshot cost, in bytes of memory, roughly. */
export const COST = {
  cluster: 2500,
  endpoint: 200,
  /** Of an endpoint by one more cluster. */
  reference: 16,
  route: 2000,
  /** Takes no memory, but time. */
  comparison: 20,
} as const;

/**
 * Bounds what one compile may come to. Rules are small, but they multiply: hosts × ports × subsets, matches of a rule × those of
 * its delegate, rules × ports.
 */
export class CompileBudget {
  #left = MAX_COMPILE_COST;

  get spent(): number {
    return MAX_COMPILE_COST - this.#left;
  }

  /** @throws {MeshError} `ERR_INVALID_CONFIG` naming the origin of what does not fit any more. */
  spend(cost: number, origin: () => Origin): void {
    this.#left -= cost;
    if (this.#left < 0) throw tooLarge(origin());
  }
}

function tooLarge(origin: Origin): MeshError {
  const { kind, namespace, name, path, file = '<inline>', line = 1, column = 1 } = origin;
  const message = `multiplies to more than fits: all clusters, endpoints and routes together may take about ${MAX_COMPILE_COST / 2 ** 20} MB`;
  const hint = 'it has too many hosts × ports × subsets, rules × ports, or matches × matches of a delegate; split it, or let a Sidecar import less';
  const issue: ConfigIssue = { severity: 'error', code: 'ERR_TOO_LARGE', resource: `${kind} ${namespace}/${name}`, path, value: '', message, hint, file, line, column };
  return new MeshError('ERR_INVALID_CONFIG', `the configuration has an error, nothing was changed:\n  ${formatIssue(issue)}`, { issues: [issue] });
}
