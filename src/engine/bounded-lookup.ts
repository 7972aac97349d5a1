import pLimit from 'p-limit';
import type { Clock } from '../common/clock.ts';
import type { Lookup } from './dns-members.ts';

/** Look-ups under way at once. The system's own resolver has four threads, which files need too. */
const MAX_CONCURRENT = 16;

/** A look-up without an answer by then gives its place to others: a few that hang must not keep all from being made. */
const PATIENCE_MS = 20_000;

interface Running {
  readonly sinceMs: number;
  readonly giveUp: (error: Error) => void;
}

/**
 * `lookup`, with a bound on how many run at once. Who asks for a name that is being looked up shares the answer. Those that hang
 * are looked for when somebody asks for another name, so that no timer is needed.
 */
export function boundedLookup(lookup: Lookup, clock: Clock): Lookup {
  const limit = pLimit(MAX_CONCURRENT);
  const underWay = new Map<string, Promise<readonly string[]>>();
  const running = new Map<string, Running>();
  const endOverdue = (): void => {
    for (const [host, { sinceMs, giveUp }] of running) {
      if (clock.now() - sinceMs >= PATIENCE_MS) giveUp(new Error(`no address of ${host} within ${PATIENCE_MS / 1000} s`));
    }
  };
  const start = async (host: string): Promise<readonly string[]> => {
    const late = Promise.withResolvers<never>();
    running.set(host, { sinceMs: clock.now(), giveUp: late.reject });
    try {
      return await Promise.race([lookup(host), late.promise]);
    } finally {
      running.delete(host);
    }
  };
  return (host) => {
    const shared = underWay.get(host);
    if (shared !== undefined) return shared;
    endOverdue();
    const answer = limit(() => start(host)).finally(() => underWay.delete(host));
    underWay.set(host, answer);
    return answer;
  };
}
