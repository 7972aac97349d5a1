import { getHeader } from '../common/headers.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { Destination } from '../route/destination.ts';
import type { Route } from '../route/route.ts';
import type { AccessRecord } from '../telemetry/access-log.ts';
import type { Router, RoutedRequest } from './router.ts';

/** What a record is made of. */
export interface RecordedCall {
  readonly request: RoutedRequest;
  readonly snapshot: Snapshot;
  readonly route: Route | undefined;
  readonly destination: Destination | undefined;
  readonly router: Router | undefined;
  readonly flags: number;
  readonly details: string;
  readonly status: number;
  readonly bytesSent: number;
  readonly elapsedMs: number;
  readonly startedAtWallMs: number;
  readonly callerAddress: string;
}

/** The values of Istio's default access log for a call that is over. */
export function accessRecord(call: RecordedCall): AccessRecord {
  const { request, router, route, destination } = call;
  const { head, body, dialled, originalDst } = request;
  const header = (name: string): string | undefined => getHeader(head.headers, name);
  const forwardedFor = header('x-forwarded-for');
  const cluster = destination !== undefined && call.snapshot.clusters.has(destination.cluster) ? destination.cluster : undefined;
  return {
    startTimeMs: call.startedAtWallMs,
    method: head.method,
    path: header('x-envoy-original-path') ?? head.path,
    protocol: 'HTTP/1.1',
    // A caller that left got no status, whatever was on its way.
    responseCode: call.status,
    flags: call.flags,
    details: call.details,
    transportFailureReason: router?.transportFailure,
    bytesReceived: body.bytes,
    bytesSent: call.bytesSent,
    durationMs: call.elapsedMs,
    upstreamServiceTime: router?.serviceTimeMs?.toString(),
    forwardedFor,
    userAgent: header('user-agent'),
    requestId: header('x-request-id'),
    authority: head.authority,
    upstreamHost: router?.host?.key,
    upstreamCluster: cluster,
    upstreamLocalAddress: router?.localAddress,
    downstreamLocalAddress: originalDst ?? (dialled === undefined ? undefined : `${dialled.hostname}:${dialled.port}`),
    // In process there is no socket between caller and mesh, hence no port.
    downstreamRemoteAddress: `${forwardedFor?.split(',')[0]?.trim() ?? call.callerAddress}:0`,
    routeName: route?.name,
  };
}
