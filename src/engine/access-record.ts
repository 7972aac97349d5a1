import { getHeader } from '../common/headers.ts';
import type { Route } from '../route/route.ts';
import { resolveOperator, type VariableSource } from '../route/variables.ts';
import type { AccessRecord } from '../telemetry/access-log.ts';
import type { ResponseHeaders } from './local-reply.ts';
import type { RoutedRequest } from './routed-call.ts';
import type { Router } from './router.ts';

/** What a record is made of. */
export interface RecordedCall extends VariableSource {
  readonly request: RoutedRequest;
  readonly route: Route | undefined;
  readonly router: Router | undefined;
  readonly flags: number;
  readonly details: string;
  readonly status: number;
  readonly bytesSent: number;
  readonly elapsedMs: number;
  readonly startedAtWallMs: number;
  readonly callerAddress: string;
  /** What `x-forwarded-for` said of it when the request came. */
  readonly forwardedAddress: string | undefined;
  readonly dialledAddress: string | undefined;
  /** The chosen cluster, if there is one of that name. */
  readonly clusterName: string | undefined;
  /** Whether the answer went out before a byte of the body was read. */
  readonly answeredAtOnce: boolean;
}

/**
 * The values of Istio's default access log for a call that is over, and whatever another format asks for.
 *
 * @param response - headers of the answer, if there was one
 */
export function accessRecord(call: RecordedCall, response: ResponseHeaders | undefined): AccessRecord {
  const { request, router, route } = call;
  const { head, body } = request;
  const header = (name: string): string | undefined => getHeader(head.headers, name);
  return {
    startTimeMs: call.startedAtWallMs,
    method: head.method,
    path: header('x-envoy-original-path') ?? head.path,
    protocol: request.http2 === true ? 'HTTP/2' : 'HTTP/1.1',
    // A caller that left got no status, whatever was on its way.
    responseCode: call.status,
    flags: call.flags,
    details: call.details,
    transportFailureReason: router?.transportFailure,
    bytesReceived: call.answeredAtOnce ? 0 : body.bytes,
    bytesSent: call.bytesSent,
    durationMs: call.elapsedMs,
    upstreamServiceTime: router?.serviceTimeMs?.toString(),
    forwardedFor: header('x-forwarded-for'),
    userAgent: header('user-agent'),
    requestId: header('x-request-id'),
    authority: head.authority,
    upstreamHost: router?.host?.key,
    upstreamCluster: call.clusterName,
    upstreamLocalAddress: router?.localAddress,
    downstreamLocalAddress: call.dialledAddress,
    // In process there is no socket between caller and mesh, hence no port.
    downstreamRemoteAddress: request.downstream?.remoteAddress ?? `${call.forwardedAddress ?? call.callerAddress}:0`,
    requestedServerName: request.downstream?.servername,
    routeName: route?.name,
    operator: (name, argument) => resolveOperator(name, argument, { request: head, response, variables: call }),
  };
}
