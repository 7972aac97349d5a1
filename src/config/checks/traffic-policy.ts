import type { ConnectionPoolSpec, OutlierDetectionSpec, TrafficPolicySpec } from '../istio-types.ts';
import { parseDurationMs } from '../../common/duration.ts';
import { isIpAddress } from './addresses.ts';
import type { Cursor } from './cursor.ts';
import { checkFailoverNeedsOutlier } from './load-balancer.ts';
import { fqdnProblem } from './names.ts';
import { checkDuration, checkPort } from './primitives.ts';
import { warnUnobeyed } from './unobeyed.ts';

const BLOCKS = ['loadBalancer', 'connectionPool', 'outlierDetection', 'tls'] as const;

/** Source: istio `validateTrafficPolicy`. */
export function checkTrafficPolicy(policy: TrafficPolicySpec, at: Cursor): void {
  if (Object.keys(policy).length === 0) at.required('needs at least one field', 'fill it, or leave it out');
  if (policy.tunnel !== undefined && policy.proxyProtocol !== undefined) {
    at.conflict('must not have tunnel and proxyProtocol together');
  }
  warnUnobeyed(policy, { tunnel: 'connections go straight to the endpoints', proxyProtocol: 'connections begin without a PROXY header' }, at);
  checkFailoverNeedsOutlier(policy, at);
}

type PortPolicy = NonNullable<TrafficPolicySpec['portLevelSettings']>[number];

export function checkPortPolicy(policy: PortPolicy, at: Cursor): void {
  if (policy.port === undefined) at.required('needs a port', 'write port: {number: 80}');
  if (BLOCKS.every((block) => policy[block] === undefined)) at.required(`needs at least one of ${BLOCKS.join(', ')}`);
  checkFailoverNeedsOutlier(policy, at);
}

export function checkTunnel(tunnel: { protocol?: string; targetHost?: string; targetPort?: number }, at: Cursor): void {
  const { protocol = '', targetHost = '' } = tunnel;
  if (!['', 'CONNECT', 'POST'].includes(protocol)) at.to('protocol').invalid('must be CONNECT or POST');
  if (fqdnProblem(targetHost) !== undefined && !isIpAddress(targetHost)) {
    at.to('targetHost').invalid('must be a host name or an IP address');
  }
  checkPort(tunnel.targetPort ?? 0, at.to('targetPort'));
}

export function checkOutlierDetection(outlier: OutlierDetectionSpec, at: Cursor): void {
  const { consecutiveErrors = 0 } = outlier;
  if (consecutiveErrors !== 0) {
    const meaning = at.context.legacySemantics
      ? 'is deprecated; it is read as consecutiveGatewayErrors'
      : 'is deprecated and has no effect';
    at.to('consecutiveErrors').warn(
      'WARN_DEPRECATED',
      meaning,
      'write consecutiveGatewayErrors or consecutive5xxErrors',
    );
  }
  const localOrigin = outlier.consecutiveLocalOriginFailures ?? 0;
  if (localOrigin > 0 && outlier.splitExternalLocalOriginErrors !== true) {
    at.to('consecutiveLocalOriginFailures').conflict('counts only with splitExternalLocalOriginErrors: true', 'add it');
  }
  outlier.outlierDetectionHttpErrorCodes?.forEach((code, index) => {
    if (code < 100 || code > 599) {
      at.to('outlierDetectionHttpErrorCodes', index).onApply?.invalid('must be an HTTP status from 100 to 599');
    }
  });
}

export function checkConnectionPool(pool: ConnectionPoolSpec, at: Cursor): void {
  if (pool.tcp === undefined && pool.http === undefined) {
    at.required('needs tcp or http settings', 'fill it, or leave it out');
  }
}

export function checkHttpPool(http: NonNullable<ConnectionPoolSpec['http']>, at: Cursor): void {
  if (http.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true) {
    at.to('useClientProtocol').conflict('must not be true together with h2UpgradePolicy: UPGRADE');
  }
}

export function checkTcpKeepalive(keepalive: object, at: Cursor): void {
  const system = 'the system has its own, and Node sets time alone';
  warnUnobeyed(keepalive, { probes: system, interval: system }, at);
}

export function checkHttp2KeepAlive(keepAlive: { interval?: string; timeout?: string }, at: Cursor): void {
  warnUnobeyed(keepAlive, { connectionIdleInterval: 'idle connections are pinged every interval too', intervalJitter: 'pings go exactly every interval' }, at);
  if (keepAlive.interval === undefined || keepAlive.timeout === undefined) {
    at.required('needs both interval and timeout');
  }
}

/** Anything below 1ms switches the timeout off here. */
export function checkTcpIdleTimeout(text: string, at: Cursor): void {
  if (Math.abs(parseDurationMs(text) ?? 0) >= 1) checkDuration(text, at);
}

export function checkRetryBudget(budget: NonNullable<TrafficPolicySpec['retryBudget']>, at: Cursor): void {
  const { percent } = budget;
  warnUnobeyed(budget, { budgetInterval: 'the budget is a share of the calls of the moment' }, at);
  if (percent !== undefined && percent !== null && (percent < 0 || percent > 100)) {
    at.onApply?.to('percent').invalid('must be 0 to 100 (percent)');
  }
}
