import type { Hash64 } from '../../common/hash64.ts';
import type { Random } from '../../common/random.ts';
import type { Host } from '../host.ts';
import type { PreviousPriorities } from '../previous-priorities.ts';

/** What one request brings to the choice of its host. */
export interface PickContext {
  readonly random: Random;
  /** Clock time in milliseconds, for balancers that let new hosts in slowly; the others don't look at it. */
  readonly now?: number;
  /** Hash of the request's key, for consistent hashing; absent: any host. The other balancers don't look at it. */
  readonly hash?: Hash64 | undefined;
  /** Hosts that a retry would rather not meet again. A wish: after five more picks the last one is taken. */
  readonly skip?: (host: Host) => boolean;
  /** What a retry has to say about the shares of the priorities; absent: nothing. */
  readonly priorities?: PreviousPriorities | undefined;
}

/** Picks one of several hosts. */
export interface Balancer {
  /**
   * One of `hosts`, or `undefined` when there is none.
   *
   * A list is never changed, only replaced: another array means another set of hosts, and whatever was built from the
   * former (schedules, rings) is built anew. So keep one balancer for each list that is in use at the same time.
   *
   * @param repick how many picks for this request were rejected before; hashed choices move on by it.
   */
  pick(hosts: readonly Host[], context: PickContext, repick?: number): Host | undefined;
}
