import type { Endpoint, Locality } from './model.ts';

/** How localities are preferred. Source: Istio `localityLbSetting`, with `enabled: false` said by leaving it out. */
export interface LocalitySetting {
  /** The first whose `from` is the caller's decides; `to` gives percents by locality. */
  readonly distribute?: readonly { readonly from: string; readonly to: Readonly<Record<string, number>> }[];
  /** Of the other regions, the one to fail over to first. */
  readonly failover?: readonly { readonly from: string; readonly to: string }[];
  /** Labels `key` (the caller's value) or `key=value`, most important first. */
  readonly failoverPriority?: readonly string[];
}

/** Who calls. */
export interface LocalityCaller {
  readonly locality: Locality;
  readonly labels: Readonly<Record<string, string>>;
}

/** Endpoints in the order in which Envoy gets them, with what a cluster needs to prefer some. */
export interface PlacedEndpoints {
  readonly endpoints: readonly Endpoint[];
  /** Index by index; absent when all are 0. */
  readonly priorities?: readonly number[];
  /** Index by index; absent unless localities are weighted. */
  readonly localityWeights?: readonly number[];
}

/**
 * Endpoints sorted by locality, less those that get no traffic, with their priorities and the weights of their localities.
 *
 * @param setting `undefined`: locality doesn't matter.
 * @param outlierDetection without it nothing is ever unhealthy, so Istio sets no priorities; `distribute` works all the same.
 *
 * Source: istio `ApplyLocalityLoadBalancer`.
 */
export function placeEndpoints(
  endpoints: readonly Endpoint[],
  caller: LocalityCaller,
  setting: LocalitySetting | undefined,
  outlierDetection: boolean,
): PlacedEndpoints {
  const sorted = byLocality(endpoints);
  if (setting === undefined) return { endpoints: sorted };
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0) return distributed(sorted, caller.locality, distribute);
  if (!outlierDetection) return { endpoints: sorted };
  const priorities = failoverPriorities(sorted, caller, failover, failoverPriority);
  // A locality is drawn before the host only where failover was asked for; by default that would spoil LEAST_REQUEST.
  const weighted = failover.length + failoverPriority.length > 0;
  return {
    endpoints: sorted,
    priorities: priorities.some((priority) => priority > 0) ? priorities : undefined,
    localityWeights: weighted ? ownWeights(sorted, priorities) : undefined,
  };
}

/** Whether `locality` is what `pattern` (`region`, `region/zone`, `region/zone/*`, `*`) means. */
export function matchesLocality(locality: Locality, pattern: string): boolean {
  const [region = '', zone = '', subzone = ''] = pattern.split('/');
  return (
    (region === '*' || region === locality.region) &&
    (zone === '' || zone === '*' || zone === locality.zone) &&
    (subzone === '' || subzone === '*' || subzone === locality.subzone)
  );
}

function byLocality(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const keyed = endpoints.map((endpoint) => ({ endpoint, key: localityKey(endpoint) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ endpoint }) => endpoint);
}

function localityKey({ locality: { region, zone, subzone } }: Endpoint): string {
  return subzone !== '' ? `${region}/${zone}/${subzone}` : zone !== '' ? `${region}/${zone}` : region;
}

function distributed(
  endpoints: readonly Endpoint[],
  caller: Locality,
  distribute: NonNullable<LocalitySetting['distribute']>,
): PlacedEndpoints {
  const own = ownWeights(endpoints, undefined);
  const chosen = distribute.find(({ from }) => matchesLocality(caller, from));
  if (chosen === undefined) return { endpoints, localityWeights: own };
  const weights = new Array<number>(endpoints.length).fill(0);
  for (const [pattern, percent] of Object.entries(chosen.to)) {
    const members = [...endpoints.keys()].filter(
      (index) => weights[index] === 0 && matchesLocality(endpoints[index]!.locality, pattern),
    );
    // Several localities under one pattern share its percents by the weight of their endpoints.
    const total = members.reduce((sum, index) => sum + endpoints[index]!.weight, 0);
    for (const index of members) weights[index] = Math.ceil((own[index]! * percent) / total);
  }
  return {
    endpoints: endpoints.filter((_, index) => weights[index]! > 0),
    localityWeights: weights.filter((weight) => weight > 0),
  };
}

/** For each endpoint the sum of the weights in its locality (and priority). */
function ownWeights(endpoints: readonly Endpoint[], priorities: readonly number[] | undefined): readonly number[] {
  const sums = new Map<string, number>();
  const keys = endpoints.map((endpoint, index) => `${priorities?.[index] ?? 0} ${localityKey(endpoint)}`);
  keys.forEach((key, index) => sums.set(key, (sums.get(key) ?? 0) + endpoints[index]!.weight));
  return keys.map((key) => sums.get(key)!);
}

function failoverPriorities(
  endpoints: readonly Endpoint[],
  caller: LocalityCaller,
  failover: NonNullable<LocalitySetting['failover']>,
  failoverPriority: readonly string[],
): readonly number[] {
  const byLabels = failoverPriority.length === 0 ? undefined : labelDistance(caller, failoverPriority);
  const byRegion = failoverPriority.length === 0 || failover.length > 0;
  const distances = endpoints.map((endpoint) => {
    const labels = byLabels?.(endpoint) ?? 0;
    // There are five grades of locality, 0 to 4; labels, when both are given, outweigh them.
    return byRegion ? labels * 5 + localityDistance(caller.locality, endpoint.locality, failover) : labels;
  });
  return compacted(distances);
}

/** How many of the labels are left when the first one differs: 0 is nearest. */
function labelDistance(caller: LocalityCaller, failoverPriority: readonly string[]): (endpoint: Endpoint) => number {
  const callerLabels = withTopology(caller.labels, caller.locality);
  // Of a caller without any label nothing can be compared; Istio then leaves the priorities alone.
  if (Object.keys(callerLabels).length === 0) return () => 0;
  const wanted = failoverPriority.map((entry): readonly [string, string | undefined] => {
    const [key = '', value, ...rest] = entry.split('=');
    return value !== undefined && rest.length === 0 ? [key, value] : [key, callerLabels[key]];
  });
  return (endpoint) => {
    const labels = withTopology(endpoint.labels, endpoint.locality);
    const differs = wanted.findIndex(([key, value]) => (labels[key] ?? '') !== (value ?? ''));
    return differs < 0 ? 0 : wanted.length - differs;
  };
}

/** Istio gives caller and endpoints the labels of where they run. */
function withTopology(labels: Readonly<Record<string, string>>, locality: Locality): Readonly<Record<string, string>> {
  return {
    ...labels,
    ...(locality.region === '' ? {} : { 'topology.kubernetes.io/region': locality.region }),
    ...(locality.zone === '' ? {} : { 'topology.kubernetes.io/zone': locality.zone }),
    ...(locality.subzone === '' ? {} : { 'topology.istio.io/subzone': locality.subzone }),
  };
}

function localityDistance(caller: Locality, endpoint: Locality, failover: NonNullable<LocalitySetting['failover']>): number {
  if (caller.region === endpoint.region) {
    if (caller.zone !== endpoint.zone) return 2;
    return caller.subzone === endpoint.subzone ? 0 : 1;
  }
  const next = failover.find(({ from }) => from === caller.region);
  return next === undefined || next.to === endpoint.region ? 3 : 4;
}

/** Envoy wants priorities without gaps. */
function compacted(distances: readonly number[]): readonly number[] {
  const used = [...new Set(distances)].sort((a, b) => a - b);
  return distances.map((distance) => used.indexOf(distance));
}
