import { isPrime } from '../../common/prime.ts';
import type { LoadBalancerSpec, LocalityLbSpec, OutlierDetectionSpec } from '../istio-types.ts';
import type { Cursor } from './cursor.ts';
import { plainTextProblem } from './header-values.ts';
import { localitiesProblem } from './localities.ts';
import { warnUnobeyed } from './unobeyed.ts';

const MAGLEV_LIMIT = 5_000_011;
const TOPOLOGY_LABELS = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'];

type ConsistentHash = NonNullable<LoadBalancerSpec['consistentHash']>;

export function checkLoadBalancer(settings: LoadBalancerSpec & { zoneAwareLbSetting?: unknown }, at: Cursor): void {
  if (settings.localityLbSetting !== undefined && settings.zoneAwareLbSetting !== undefined) {
    at.conflict('must have one of localityLbSetting and zoneAwareLbSetting');
  }
  warnUnobeyed(settings, { zoneAwareLbSetting: 'localities count by the localityLbSetting of the mesh' }, at);
  if (settings.warmup !== undefined && settings.warmupDurationSecs !== undefined) {
    at.onApply?.to('warmupDurationSecs').conflict('must not be there together with warmup', 'use warmup.duration');
  }
  if (settings.simple !== undefined && settings.consistentHash !== undefined) {
    at.onApply?.conflict('must have one of simple and consistentHash');
  }
}

export function checkConsistentHash(hash: ConsistentHash, at: Cursor): void {
  const keys = (['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const).filter(
    (key) => hash[key] !== undefined,
  );
  if (keys.length > 1) at.onApply?.conflict(`must hash one thing, got ${keys.join(' and ')}`);
  const { minimumRingSize = 0 } = hash;
  if (minimumRingSize === 0) return;
  at.to('minimumRingSize').warn(
    'WARN_DEPRECATED',
    'is deprecated',
    `write ringHash: {minimumRingSize: ${minimumRingSize}}`,
  );
  if (hash.ringHash !== undefined || hash.maglev !== undefined) {
    at.to('minimumRingSize').conflict('must not be there together with ringHash or maglev');
  }
}

export function checkMaglev(maglev: { tableSize?: number }, at: Cursor): void {
  const { tableSize = 0 } = maglev;
  if (tableSize === 0) at.required('needs a tableSize', 'the usual one is 65537');
  if (tableSize >= MAGLEV_LIMIT) at.to('tableSize').invalid(`must be less than ${MAGLEV_LIMIT}`);
  else if (!isPrime(tableSize)) at.to('tableSize').invalid('must be a prime number', 'the usual one is 65537');
}

export function checkCookie(cookie: NonNullable<ConsistentHash['httpCookie']>, at: Cursor): void {
  if ((cookie.name ?? '') === '') at.required('needs the name of the cookie');
  checkCookieText(cookie.name, at.to('name'));
  checkCookieText(cookie.path, at.to('path'));
  const names = new Set<string>();
  cookie.attributes?.forEach((attribute, index) => {
    const name = attribute.name ?? '';
    if (name === '') at.to('attributes', index).required('needs a name');
    else if (names.has(name)) at.to('attributes', index).duplicate(`gives the attribute ${JSON.stringify(name)} twice`);
    names.add(name);
    checkCookieText(name, at.to('attributes', index, 'name'));
    checkCookieText(attribute.value, at.to('attributes', index, 'value'));
  });
}

/** In a `set-cookie` line, a semicolon would begin another attribute. Source: RFC 6265 §4.1.1. */
function checkCookieText(text: string | undefined, at: Cursor): void {
  const problem = text?.includes(';') === true ? 'must not contain a semicolon' : plainTextProblem(text ?? '');
  if (problem !== undefined) at.onApply?.invalid(problem);
}

export function checkWarmup(warmup: NonNullable<LoadBalancerSpec['warmup']>, at: Cursor): void {
  if (warmup.duration === undefined) at.required('needs a duration');
  if ((warmup.minimumPercent ?? 0) > 100) at.to('minimumPercent').invalid('must be at most 100 (percent)');
  if ((warmup.aggression ?? 1) < 1) at.to('aggression').invalid('must be at least 1');
}

/** Source: istio `ValidateLocalityLbSetting`, which stops at the first thing wrong with `distribute`. */
export function checkLocality(setting: LocalityLbSpec, at: Cursor): void {
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0 && failover.length > 0) {
    at.conflict('must have one of distribute and failover');
    return;
  }
  const topology = failover.length === 0 ? -1 : failoverPriority.findIndex((label) => TOPOLOGY_LABELS.includes(label));
  if (topology >= 0) {
    at.to('failoverPriority', topology).conflict(
      'must not be a label of region, zone or subzone together with failover',
    );
    return;
  }
  const shares = distribute.map((entry, index) => checkShares(entry.to ?? {}, at.to('distribute', index, 'to')));
  if (!shares.every(Boolean)) return;
  const problem = localitiesProblem(distribute.map(({ from = '' }) => from));
  if (problem !== undefined) at.to('distribute', problem.index).invalid(problem.message);
  failover.forEach(({ from = '', to = '' }, index) => {
    const place = at.to('failover', index);
    if (from === to) place.invalid('must lead to a different region');
    if (`${from}${to}`.includes('/')) place.invalid('must name regions only, without zones');
    if (`${from}${to}`.includes('*')) place.invalid('must name regions, without wildcards');
  });
}

function checkShares(shares: Readonly<Record<string, number>>, at: Cursor): boolean {
  const bad = Object.entries(shares).find(([, share]) => share < 1 || share > 100);
  if (bad !== undefined) {
    at.to(bad[0]).invalid('must be 1 to 100 (percent)');
    return false;
  }
  const total = Object.values(shares).reduce((sum, share) => sum + share, 0);
  if (total !== 100) {
    at.invalid(`must have shares that add up to 100, not ${total}`);
    return false;
  }
  const problem = localitiesProblem(Object.keys(shares));
  if (problem !== undefined) at.invalid(problem.message);
  return true;
}

/** Failover acts on ejections, so without an outlier detector nothing ever fails over. */
export function checkFailoverNeedsOutlier(
  policy: { loadBalancer?: LoadBalancerSpec; outlierDetection?: OutlierDetectionSpec },
  at: Cursor,
): void {
  const { failover = [], failoverPriority = [] } = policy.loadBalancer?.localityLbSetting ?? {};
  if (failover.length + failoverPriority.length > 0 && policy.outlierDetection === undefined) {
    at.to('loadBalancer', 'localityLbSetting').warn(
      'WARN_NO_EFFECT',
      'fails over only when there is an outlierDetection too',
      'add outlierDetection',
    );
  }
}
