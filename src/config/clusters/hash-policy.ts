import { parseDurationMs } from '../../common/duration.ts';
import type { HashPolicy } from '../../route/model.ts';
import type { DestinationSpec, LoadBalancerSpec } from '../istio-types.ts';
import type { MergedRule } from './destination-rules.ts';
import { portSettings } from './effective-policy.ts';

/**
 * What is hashed for a destination of a route: as the subset says for the port, the subset, the rule for the port, the rule.
 * Settings for a port count only where the destination names that port.
 *
 * Source: istio `hashForHTTPDestination`.
 */
export function destinationHashPolicy(rule: MergedRule | undefined, destination: DestinationSpec): HashPolicy | undefined {
  const port = destination.port?.number;
  const subset = rule?.subsets.find(({ spec }) => spec.name === destination.subset)?.spec.trafficPolicy;
  const balancers = [
    port === undefined ? undefined : portSettings(subset, port)?.loadBalancer,
    subset?.loadBalancer,
    port === undefined ? undefined : portSettings(rule?.trafficPolicy, port)?.loadBalancer,
    rule?.trafficPolicy?.loadBalancer,
  ];
  return hashPolicy(balancers.find((balancer) => balancer?.consistentHash !== undefined));
}

/** The same for a service that is called without a VirtualService. */
export function serviceHashPolicy(rule: MergedRule | undefined, port: number): HashPolicy | undefined {
  return hashPolicy((portSettings(rule?.trafficPolicy, port) ?? rule?.trafficPolicy)?.loadBalancer);
}

function hashPolicy(balancer: LoadBalancerSpec | undefined): HashPolicy | undefined {
  const hash = balancer?.consistentHash;
  if (hash === undefined) return undefined;
  if (hash.httpHeaderName) return { kind: 'header', name: hash.httpHeaderName.toLowerCase() };
  if (hash.httpCookie !== undefined) return cookiePolicy(hash.httpCookie);
  if (hash.useSourceIp === true) return { kind: 'source-ip' };
  if (hash.httpQueryParameterName) return { kind: 'query', name: hash.httpQueryParameterName };
  return undefined;
}

function cookiePolicy({ name, path, ttl, attributes = [] }: NonNullable<NonNullable<LoadBalancerSpec['consistentHash']>['httpCookie']>): HashPolicy {
  const ttlMs = ttl === undefined ? undefined : parseDurationMs(ttl);
  return {
    kind: 'cookie',
    name,
    ...(path && { path }),
    ...(ttlMs !== undefined && { ttlMs }),
    ...(attributes.length > 0 && { attributes: attributes.map((attribute) => [attribute.name, attribute.value ?? ''] as const) }),
  };
}
