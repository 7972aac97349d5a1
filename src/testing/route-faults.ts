import type { RequestWalk } from '../engine/request-walk.ts';
import type { Random } from '../common/random.ts';
import { FaultInjector, type FaultDecision } from '../route/fault-injector.ts';
import type { Route } from '../route/route.ts';

/** A fault of a test on its way into a route. */
class PlannedFault extends FaultInjector {
  readonly #decision: FaultDecision;

  constructor(decision: FaultDecision) {
    super({});
    this.#decision = decision;
  }

  override decide(_random: Random): FaultDecision {
    return this.#decision;
  }
}

/**
 * Lets the request of `walk` meet what `decide` says of its route, where the rule's own fault would be. A walk notes its route and then asks it
 * about faults, in one go: the route says something else for just that long.
 *
 * @returns puts everything back; to be called as soon as the walk waits
 */
export function plantRouteFault(walk: RequestWalk, decide: (route: Route) => FaultDecision | undefined): () => void {
  let taken: Route | undefined;
  let own: PropertyDescriptor | undefined;
  Object.defineProperty(walk, 'route', {
    configurable: true,
    enumerable: true,
    get: () => taken,
    set: (route: Route | undefined) => {
      taken = route;
      const decision = route === undefined ? undefined : decide(route);
      if (decision === undefined) return;
      own = Object.getOwnPropertyDescriptor(route, 'faults')!;
      Object.defineProperty(route, 'faults', { ...own, value: new PlannedFault(decision) });
    },
  });
  return () => {
    if (own !== undefined) Object.defineProperty(taken, 'faults', own);
    Object.defineProperty(walk, 'route', { configurable: true, enumerable: true, writable: true, value: taken });
  };
}
