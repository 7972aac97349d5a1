import { checkGatewayNames } from '../checks/gateway-names.ts';
import { checkHeaders } from '../checks/header-operations.ts';
import {
  checkAbort,
  checkCors,
  checkDelay,
  checkDirectResponse,
  checkFault,
  checkRedirect,
  checkRetries,
  checkRewrite,
} from '../checks/http-actions.ts';
import { checkHttpMatch } from '../checks/http-match.ts';
import { checkDelegate, checkMirrorPolicy } from '../checks/http-route.ts';
import { checkL4Match } from '../checks/l4-routes.ts';
import { checkMirrorShare, checkPercent, checkShare } from '../checks/primitives.ts';
import { checkVirtualService } from '../checks/virtual-service.ts';
import { bool, checked, double, enumOf, int32, list, map, message, text, uint32, type Field } from './field.ts';
import { destination, duration, labels, subnets, textList, textMap } from './shared.ts';

const stringMatch = message('StringMatch', { exact: text, prefix: text, regex: text });
const stringMatches = map(stringMatch);
const share = message('Percent', { value: double }, checkShare);
const mirrorShare = message('Percent', { value: double }, checkMirrorShare);
const gatewayNames = checked(textList, checkGatewayNames);

const headerOperations = message('HeaderOperations', { set: textMap, add: textMap, remove: textList });
const headers = message('Headers', { request: headerOperations, response: headerOperations }, checkHeaders);

const match = message(
  'HTTPMatchRequest',
  {
    name: text,
    uri: stringMatch,
    scheme: stringMatch,
    method: stringMatch,
    authority: stringMatch,
    headers: stringMatches,
    withoutHeaders: stringMatches,
    queryParams: stringMatches,
    ignoreUriCase: bool,
    port: uint32,
    sourceLabels: labels,
    sourceNamespace: text,
    gateways: gatewayNames,
    statPrefix: text,
  },
  checkHttpMatch,
);

/** Also the default retry policy of the mesh. */
export const retries: Field = message(
  'HTTPRetry',
  {
    attempts: int32,
    perTryTimeout: duration,
    retryOn: text,
    backoff: duration,
    retryRemoteLocalities: bool,
    retryIgnorePreviousHosts: bool,
  },
  checkRetries,
);

const fault = message(
  'HTTPFaultInjection',
  {
    delay: message(
      'Delay',
      { fixedDelay: duration, exponentialDelay: duration, percentage: share, percent: checked(int32, checkPercent) },
      checkDelay,
    ),
    abort: message('Abort', { httpStatus: int32, grpcStatus: text, http2Error: text, percentage: share }, checkAbort),
  },
  checkFault,
);

const cors = message(
  'CorsPolicy',
  {
    allowOrigin: textList,
    allowOrigins: list(stringMatch),
    allowMethods: textList,
    allowHeaders: textList,
    exposeHeaders: textList,
    maxAge: duration,
    allowCredentials: bool,
    unmatchedPreflights: enumOf('UNSPECIFIED', 'FORWARD', 'IGNORE'),
  },
  checkCors,
);

const httpRoute = message('HTTPRoute', {
  name: text,
  match: list(match),
  route: list(message('HTTPRouteDestination', { destination, weight: int32, headers })),
  redirect: message(
    'HTTPRedirect',
    {
      uri: text,
      prefixRewrite: text,
      authority: text,
      scheme: text,
      port: uint32,
      derivePort: enumOf('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'),
      redirectCode: uint32,
    },
    checkRedirect,
  ),
  directResponse: message(
    'HTTPDirectResponse',
    { status: uint32, body: message('HTTPBody', { string: text, bytes: text }) },
    checkDirectResponse,
  ),
  delegate: message('Delegate', { name: text, namespace: text }, checkDelegate),
  rewrite: message(
    'HTTPRewrite',
    { uri: text, authority: text, uriRegexRewrite: message('RegexRewrite', { match: text, rewrite: text }) },
    checkRewrite,
  ),
  timeout: duration,
  retries,
  fault,
  mirror: destination,
  mirrors: list(message('HTTPMirrorPolicy', { destination, percentage: mirrorShare }, checkMirrorPolicy)),
  mirrorPercent: uint32,
  mirrorPercentage: mirrorShare,
  corsPolicy: cors,
  headers,
});

const l4Match = {
  destinationSubnets: subnets,
  port: uint32,
  sourceSubnet: text,
  sourceLabels: labels,
  sourceNamespace: text,
  gateways: gatewayNames,
};
const l4Destinations = list(message('RouteDestination', { destination, weight: int32 }));

/** Source: istio/api networking/v1alpha3/virtual_service.proto. */
export const virtualService: Field = message(
  'VirtualService',
  {
    hosts: textList,
    gateways: textList,
    http: list(httpRoute),
    tls: list(
      message('TLSRoute', {
        match: list(message('TLSMatchAttributes', { sniHosts: textList, ...l4Match }, checkL4Match)),
        route: l4Destinations,
      }),
    ),
    tcp: list(
      message('TCPRoute', { match: list(message('L4MatchAttributes', l4Match, checkL4Match)), route: l4Destinations }),
    ),
    exportTo: textList,
  },
  checkVirtualService,
);
