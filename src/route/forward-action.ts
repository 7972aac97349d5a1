import type { Random } from '../common/random.ts';
import { CorsPolicy } from './cors.ts';
import { Destination } from './destination.ts';
import { FaultInjector } from './fault-injector.ts';
import { Mirror } from './mirror.ts';
import type { HashPolicy, RequestHead, RouteAction, RouteSpec, WeightedDestination } from './model.ts';
import { NO_RETRIES, RetryPolicy } from './retry-policy.ts';
import { StickySplit } from './sticky-split.ts';
import { TimeoutPolicy } from './timeout-policy.ts';
import { WeightedClusters } from './weighted-clusters.ts';

// A rule that has faults but no route leads to no cluster: 503 `NC` for what is not aborted.
const NOWHERE: readonly WeightedDestination[] = [{ cluster: '', weight: 1 }];

/** A route that sends its requests to clusters, compiled. */
export class ForwardAction {
  readonly kind = 'forward';
  readonly destinations: WeightedClusters<Destination>;
  /** Of a split that keeps callers on their side. */
  readonly sticky: StickySplit<Destination> | undefined;
  /** To be asked for each try; those of `Route.faults` come once, before. */
  readonly attemptFaults: FaultInjector | undefined;
  readonly timeout: TimeoutPolicy;
  readonly retry: RetryPolicy;
  readonly mirrors: readonly Mirror[];
  /** What the hash of a request is made of: the policies of all destinations, whichever is drawn. Source: Istio. */
  readonly hashPolicies: readonly HashPolicy[];
  readonly cors: CorsPolicy | undefined;

  constructor(action: RouteAction & { readonly kind: 'forward' }, { match, headers, fault }: RouteSpec) {
    const treatment = { match, headers, rewrite: action.rewrite };
    const given = action.destinations.length === 0 ? NOWHERE : action.destinations;
    const isLone = given.length === 1;
    const destinations = given.map((spec) => new Destination(spec, treatment, isLone));
    this.destinations = new WeightedClusters(destinations);
    const isSplit = this.destinations.choices.length > 1;
    this.sticky = action.sticky === undefined || !isSplit ? undefined : new StickySplit(action.sticky, destinations);
    this.attemptFaults = fault === undefined || (fault.scope ?? 'request') === 'request' ? undefined : new FaultInjector(fault);
    this.hashPolicies = this.destinations.choices.flatMap(({ hashPolicy }) => hashPolicy ?? []);
    const retries = action.retries ?? NO_RETRIES;
    this.timeout = new TimeoutPolicy({ routeTimeoutMs: action.timeoutMs, perTryTimeoutMs: retries.perTryTimeoutMs });
    this.retry = RetryPolicy.of(retries);
    this.mirrors = (action.mirrors ?? []).map((options) => new Mirror(options));
    this.cors = action.cors === undefined ? undefined : new CorsPolicy(action.cors);
  }

  /** Where one request goes, its retries too: to be asked once, before faults. The {@link Destination} prepares the request. */
  pick(head: RequestHead, random: Random): Destination {
    return this.sticky?.pick(head) ?? this.destinations.pick(random);
  }
}
