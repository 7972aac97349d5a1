/**
 * The resources as users write them, in camelCase, after spelling variants were unified. Only what ts-mesh reads is typed;
 * durations stay text until they are compiled. Source: istio/api networking/v1alpha3, Kubernetes core/v1, discovery/v1.
 */

export interface StringMatchSpec {
  exact?: string;
  prefix?: string;
  regex?: string;
}

export interface PercentSpec {
  value?: number;
}

export interface DestinationSpec {
  host: string;
  subset?: string;
  port?: { number?: number };
}

export interface HeaderOperationsSpec {
  set?: Record<string, string>;
  add?: Record<string, string>;
  remove?: string[];
}

export interface HeadersSpec {
  request?: HeaderOperationsSpec;
  response?: HeaderOperationsSpec;
}

export interface HttpMatchSpec {
  name?: string;
  uri?: StringMatchSpec;
  scheme?: StringMatchSpec;
  method?: StringMatchSpec;
  authority?: StringMatchSpec;
  headers?: Record<string, StringMatchSpec | null>;
  withoutHeaders?: Record<string, StringMatchSpec | null>;
  queryParams?: Record<string, StringMatchSpec | null>;
  ignoreUriCase?: boolean;
  port?: number;
  sourceLabels?: Record<string, string>;
  sourceNamespace?: string;
  gateways?: string[];
  statPrefix?: string;
}

export interface HttpRouteDestinationSpec {
  destination: DestinationSpec;
  weight?: number;
  headers?: HeadersSpec;
}

export interface FaultSpec {
  delay?: { fixedDelay?: string; percentage?: PercentSpec; percent?: number };
  abort?: { httpStatus?: number; grpcStatus?: string; percentage?: PercentSpec };
}

export interface RetrySpec {
  attempts?: number;
  perTryTimeout?: string;
  retryOn?: string;
  backoff?: string;
  retryRemoteLocalities?: boolean | null;
  retryIgnorePreviousHosts?: boolean | null;
}

export interface CorsSpec {
  allowOrigin?: string[];
  allowOrigins?: StringMatchSpec[];
  allowMethods?: string[];
  allowHeaders?: string[];
  exposeHeaders?: string[];
  maxAge?: string;
  allowCredentials?: boolean | null;
  unmatchedPreflights?: string;
}

export interface HttpRouteSpec {
  name?: string;
  match?: HttpMatchSpec[];
  route?: HttpRouteDestinationSpec[];
  redirect?: {
    uri?: string;
    prefixRewrite?: string;
    authority?: string;
    scheme?: string;
    port?: number;
    derivePort?: string;
    redirectCode?: number;
  };
  directResponse?: { status: number; body?: { string?: string; bytes?: string } };
  delegate?: { name: string; namespace?: string };
  rewrite?: { uri?: string; authority?: string; uriRegexRewrite?: { match: string; rewrite: string } };
  timeout?: string;
  retries?: RetrySpec;
  fault?: FaultSpec;
  mirror?: DestinationSpec;
  mirrorPercentage?: PercentSpec;
  /** Also spelled `mirror_percent`. */
  mirrorPercent?: number;
  mirrors?: { destination: DestinationSpec; percentage?: PercentSpec }[];
  corsPolicy?: CorsSpec;
  headers?: HeadersSpec;
}

export interface L4MatchSpec {
  destinationSubnets?: string[];
  port?: number;
  sourceLabels?: Record<string, string>;
  sourceNamespace?: string;
  gateways?: string[];
}

export interface L4RouteDestinationSpec {
  destination: DestinationSpec;
  weight?: number;
}

export interface VirtualServiceSpec {
  hosts?: string[];
  gateways?: string[];
  http?: HttpRouteSpec[];
  tls?: { match: (L4MatchSpec & { sniHosts: string[] })[]; route?: L4RouteDestinationSpec[] }[];
  tcp?: { match?: L4MatchSpec[]; route?: L4RouteDestinationSpec[] }[];
  exportTo?: string[];
}

export interface ConnectionPoolSpec {
  tcp?: {
    maxConnections?: number;
    connectTimeout?: string;
    tcpKeepalive?: { probes?: number; time?: string; interval?: string };
    maxConnectionDuration?: string;
    idleTimeout?: string;
  };
  http?: {
    http1MaxPendingRequests?: number;
    http2MaxRequests?: number;
    maxRequestsPerConnection?: number;
    maxRetries?: number;
    idleTimeout?: string;
    h2UpgradePolicy?: string;
    useClientProtocol?: boolean;
    maxConcurrentStreams?: number;
    http2KeepAlive?: { interval?: string; timeout?: string };
  };
}

export interface OutlierDetectionSpec {
  consecutive5xxErrors?: number | null;
  consecutiveGatewayErrors?: number | null;
  /** Deprecated; Istio ignores it, ts-mesh reads it as gateway errors while `legacySemantics` is on. */
  consecutiveErrors?: number;
  interval?: string;
  baseEjectionTime?: string;
  maxEjectionPercent?: number;
  minHealthPercent?: number;
  splitExternalLocalOriginErrors?: boolean;
  consecutiveLocalOriginFailures?: number | null;
  outlierDetectionHttpErrorCodes?: number[];
}

export interface LocalityLbSpec {
  distribute?: { from?: string; to?: Record<string, number> }[];
  failover?: { from?: string; to?: string }[];
  failoverPriority?: string[];
  enabled?: boolean | null;
}

export interface LoadBalancerSpec {
  simple?: string;
  consistentHash?: {
    httpHeaderName?: string;
    httpCookie?: { name: string; path?: string; ttl?: string; attributes?: { name: string; value?: string }[] };
    useSourceIp?: boolean;
    httpQueryParameterName?: string;
    ringHash?: { minimumRingSize?: number };
    maglev?: { tableSize?: number };
    minimumRingSize?: number;
  };
  localityLbSetting?: LocalityLbSpec;
  warmupDurationSecs?: string;
  warmup?: { duration: string; minimumPercent?: number | null; aggression?: number | null };
}

export interface ClientTlsSpec {
  mode?: string;
  clientCertificate?: string;
  privateKey?: string;
  caCertificates?: string;
  caCrl?: string;
  credentialName?: string;
  subjectAltNames?: string[];
  sni?: string;
  insecureSkipVerify?: boolean | null;
}

export interface TrafficPolicySpec {
  loadBalancer?: LoadBalancerSpec;
  connectionPool?: ConnectionPoolSpec;
  outlierDetection?: OutlierDetectionSpec;
  tls?: ClientTlsSpec;
  portLevelSettings?: {
    port?: { number?: number };
    loadBalancer?: LoadBalancerSpec;
    connectionPool?: ConnectionPoolSpec;
    outlierDetection?: OutlierDetectionSpec;
    tls?: ClientTlsSpec;
  }[];
  tunnel?: unknown;
  proxyProtocol?: unknown;
  retryBudget?: { percent?: number | null; minRetryConcurrency?: number; budgetInterval?: string };
}

export interface SubsetSpec {
  name: string;
  labels?: Record<string, string>;
  trafficPolicy?: TrafficPolicySpec;
}

export interface DestinationRuleSpec {
  host: string;
  trafficPolicy?: TrafficPolicySpec;
  subsets?: SubsetSpec[];
  exportTo?: string[];
  workloadSelector?: { matchLabels?: Record<string, string> };
}

export interface ServicePortSpec {
  number: number;
  name: string;
  protocol?: string;
  targetPort?: number;
}

export interface WorkloadEntrySpec {
  address?: string;
  ports?: Record<string, number>;
  labels?: Record<string, string>;
  network?: string;
  locality?: string;
  weight?: number;
  serviceAccount?: string;
}

export interface ServiceEntrySpec {
  hosts: string[];
  addresses?: string[];
  ports?: ServicePortSpec[];
  location?: string;
  resolution?: string;
  endpoints?: WorkloadEntrySpec[];
  workloadSelector?: { labels?: Record<string, string> };
  exportTo?: string[];
  subjectAltNames?: string[];
}

export interface SidecarSpec {
  workloadSelector?: { labels?: Record<string, string> };
  egress?: { port?: ServicePortSpec; bind?: string; captureMode?: string; hosts: string[] }[];
  ingress?: unknown[];
  outboundTrafficPolicy?: { mode?: string; egressProxy?: DestinationSpec };
}

export interface GatewaySpec {
  selector?: Record<string, string>;
  servers?: { port?: ServicePortSpec; hosts: string[]; bind?: string; name?: string; tls?: Record<string, unknown> }[];
}

export interface KubernetesServiceSpec {
  type?: string;
  clusterIP?: string;
  clusterIPs?: string[];
  externalName?: string;
  publishNotReadyAddresses?: boolean;
  trafficDistribution?: string;
  selector?: Record<string, string>;
  ports?: { name?: string; port: number; targetPort?: number | string; protocol?: string; appProtocol?: string }[];
}

/** Body of a `discovery.k8s.io` EndpointSlice. */
export interface EndpointSliceBody {
  addressType?: string;
  ports?: { name?: string; port?: number; protocol?: string; appProtocol?: string }[];
  endpoints?: {
    addresses: string[];
    conditions?: { ready?: boolean | null; serving?: boolean | null; terminating?: boolean | null };
    targetRef?: { kind?: string; name?: string; namespace?: string };
    hostname?: string;
    nodeName?: string;
    zone?: string;
  }[];
}

/** Body of a core `Endpoints`. */
export interface EndpointsBody {
  subsets?: {
    addresses?: { ip: string; hostname?: string; targetRef?: { kind?: string; name?: string; namespace?: string } }[];
    notReadyAddresses?: { ip: string; targetRef?: { kind?: string; name?: string; namespace?: string } }[];
    ports?: { name?: string; port: number; protocol?: string; appProtocol?: string }[];
  }[];
}

/** `spec` and `status` of a Pod. */
export interface PodBody {
  spec?: { containers?: { name?: string; ports?: { name?: string; containerPort: number }[] }[]; nodeName?: string; hostname?: string; subdomain?: string };
  status?: { phase?: string; podIP?: string; podIPs?: { ip: string }[]; conditions?: { type: string; status: string }[] };
}

/** Body of the mesh ConfigMap: `data.mesh` parsed. Only what ts-mesh reads. */
export interface MeshConfigSpec {
  outboundTrafficPolicy?: { mode?: string };
  connectTimeout?: string;
  defaultHttpRetryPolicy?: RetrySpec;
  defaultTrafficPolicy?: { connectionPool?: ConnectionPoolSpec; outlierDetection?: OutlierDetectionSpec };
  localityLbSetting?: LocalityLbSpec;
  tcpKeepalive?: { probes?: number; time?: string; interval?: string };
  h2UpgradePolicy?: string;
  enableAutoMtls?: boolean;
  accessLogFile?: string;
  accessLogFormat?: string;
  accessLogEncoding?: string;
  defaultServiceExportTo?: string[];
  defaultVirtualServiceExportTo?: string[];
  defaultDestinationRuleExportTo?: string[];
  rootNamespace?: string;
  trustDomain?: string;
  dnsRefreshRate?: string;
  pathNormalization?: { normalization?: string };
  defaultConfig?: { tracing?: { sampling?: number }; proxyHeaders?: ProxyHeadersSpec; gatewayTopology?: { numTrustedProxies?: number; forwardClientCertDetails?: string } };
}

/** Which headers a proxy adds. Source: istio/api mesh/v1alpha1/proxy.proto `ProxyConfig.ProxyHeaders`. */
export interface ProxyHeadersSpec {
  server?: { disabled?: boolean; value?: string };
  requestId?: { disabled?: boolean };
  attemptCount?: { disabled?: boolean };
  envoyDebugHeaders?: { disabled?: boolean };
  setCurrentClientCertDetails?: { subject?: boolean; cert?: boolean; chain?: boolean; dns?: boolean; uri?: boolean };
}
