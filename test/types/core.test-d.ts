// Checked by the compiler (`npm run typecheck`), never run.
import { expectTypeOf } from 'vitest';
import {
  CircuitBreaker, createBalancer, FaultInjector, HostSet, Mirror, RouteTable, SubsetResolver, WeightedClusters,
  type CircuitBreakerOptions, type ClusterSpec, type Endpoint, type FaultDecision, type Host, type OutlierDetectionOptions, type OutlierDetector,
  type Random, type RequestHead, type RetryPolicy, type Route, type RouteConfigurationSpec, type TimeoutPolicy, type VirtualHost,
} from '../../src/index.ts';

declare const random: Random;
declare const head: RequestHead;
declare const configurations: readonly RouteConfigurationSpec[];
declare const endpoints: readonly Endpoint[];
declare const cluster: ClusterSpec;
declare const host: Host;

// Which cluster, with what treatment: values in, values out.
const table = new RouteTable(configurations);
expectTypeOf(table.virtualHost(9080, 'reviews')).toEqualTypeOf<VirtualHost | undefined>();
expectTypeOf(table.virtualHost(9080, 'reviews')!.match(head)).toEqualTypeOf<Route | undefined>();
expectTypeOf(new FaultInjector({ delay: { fixedDelayMs: 7000, percentage: 10 } }).decide(random)).toEqualTypeOf<FaultDecision>();
expectTypeOf(new WeightedClusters([{ cluster: 'a', weight: 80 }, { cluster: 'b', weight: 20 }]).pick(random).cluster).toEqualTypeOf<string>();
expectTypeOf(new Mirror({ cluster: 'v2', percentage: 100 }).decide(random)).toEqualTypeOf<boolean>();
expectTypeOf<TimeoutPolicy['routeTimeoutMs']>().toEqualTypeOf<number>();
expectTypeOf<RetryPolicy['backoffMs']>().returns.toEqualTypeOf<number>();
// @ts-expect-error: units are in the names
new FaultInjector({ delay: { fixedDelay: '7s' } });

// May it go, and where.
const breaker = new CircuitBreaker({ maxConnections: 1, maxPendingRequests: 1 });
expectTypeOf(breaker.tryAcquirePending()).toEqualTypeOf<boolean>();
expectTypeOf(breaker.connections).toEqualTypeOf<number>();
expectTypeOf<CircuitBreakerOptions['maxRequests']>().toEqualTypeOf<number | undefined>();
// @ts-expect-error: counts are read, never set
breaker.connections = 0;
expectTypeOf(new SubsetResolver(endpoints, [{ name: 'v1', labels: { version: 'v1' } }]).resolve('v1')).toEqualTypeOf<readonly Endpoint[] | undefined>();
expectTypeOf(new HostSet(cluster, 0).pick(0, { random })).toEqualTypeOf<Host | undefined>();
expectTypeOf(createBalancer({ kind: 'LEAST_REQUEST' }).pick([host], { random })).toEqualTypeOf<Host | undefined>();
expectTypeOf<OutlierDetectionOptions['consecutive5xxErrors']>().toEqualTypeOf<number | undefined>();
expectTypeOf<OutlierDetector['sweep']>().parameter(0).toEqualTypeOf<number>();
// @ts-expect-error: a misspelt field
new CircuitBreaker({ maxConnection: 1 });
