// The documents as they are written, nothing filled in. Only the fields that the model knows are named here.

/** What is asked: the documents, Istio's mesh settings, who calls. */
export interface World {
  readonly resources: readonly Resource[];
  readonly mesh: MeshConfig;
  readonly caller: Caller;
}

export interface Caller {
  readonly namespace: string;
  readonly labels: Labels;
}

export type Labels = Readonly<Record<string, string>>;

export interface MeshConfig {
  readonly outboundTrafficPolicy?: { readonly mode: string };
  readonly rootNamespace?: string;
  readonly connectTimeout?: string;
  readonly defaultHttpRetryPolicy?: RetrySpec;
  readonly defaultTrafficPolicy?: PolicyBlocks;
  readonly defaultServiceExportTo?: readonly string[];
  readonly defaultVirtualServiceExportTo?: readonly string[];
  readonly defaultDestinationRuleExportTo?: readonly string[];
  readonly pathNormalization?: { readonly normalization: string };
}

export interface Metadata {
  readonly name: string;
  /** Absent: `default`. */
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly creationTimestamp?: string;
}

export type Resource =
  | VirtualService
  | DestinationRule
  | ServiceEntry
  | Sidecar
  | KubernetesService
  | EndpointSlice
  | Pod
  | { readonly kind: 'Gateway'; readonly metadata: Metadata; readonly spec?: unknown };

// ── VirtualService ──

export interface VirtualService {
  readonly kind: 'VirtualService';
  readonly metadata: Metadata;
  readonly spec: VirtualServiceSpec;
}

export interface VirtualServiceSpec {
  readonly hosts?: readonly string[];
  readonly gateways?: readonly string[];
  readonly exportTo?: readonly string[];
  readonly http?: readonly HttpRule[];
  readonly tcp?: readonly unknown[];
  readonly tls?: readonly unknown[];
}

export interface HttpRule {
  readonly name?: string;
  readonly match?: readonly HttpMatch[];
  readonly route?: readonly WeightedDestination[];
  readonly redirect?: RedirectSpec;
  readonly directResponse?: DirectResponseSpec;
  readonly delegate?: { readonly name: string; readonly namespace?: string };
  readonly rewrite?: RewriteSpec;
  readonly timeout?: string;
  readonly retries?: RetrySpec;
  readonly fault?: FaultSpec;
  readonly mirror?: Destination;
  readonly mirrorPercentage?: Percent;
  readonly mirrorPercent?: number;
  readonly mirrors?: readonly { readonly destination: Destination; readonly percentage?: Percent }[];
  readonly corsPolicy?: CorsSpec;
  readonly headers?: HeadersSpec;
}

export interface StringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

export interface HttpMatch {
  readonly name?: string;
  readonly uri?: StringMatch;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  readonly headers?: Readonly<Record<string, StringMatch>>;
  readonly withoutHeaders?: Readonly<Record<string, StringMatch>>;
  readonly queryParams?: Readonly<Record<string, StringMatch>>;
  readonly port?: number;
  readonly ignoreUriCase?: boolean;
  readonly sourceLabels?: Labels;
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
}

export interface Destination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: { readonly number: number };
}

export interface WeightedDestination {
  readonly destination: Destination;
  readonly weight?: number;
  readonly headers?: HeadersSpec;
}

export interface HeadersSpec {
  readonly request?: HeaderOperations;
  readonly response?: HeaderOperations;
}

export interface HeaderOperations {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface RewriteSpec {
  readonly uri?: string;
  readonly authority?: string;
  readonly uriRegexRewrite?: { readonly match: string; readonly rewrite: string };
}

export interface RedirectSpec {
  readonly uri?: string;
  readonly prefixRewrite?: string;
  readonly authority?: string;
  readonly scheme?: string;
  readonly port?: number;
  readonly derivePort?: string;
  readonly redirectCode?: number;
}

export interface DirectResponseSpec {
  readonly status: number;
  readonly body?: { readonly string?: string; readonly bytes?: string };
}

export interface Percent {
  readonly value?: number;
}

export interface FaultSpec {
  readonly delay?: { readonly fixedDelay?: string; readonly percentage?: Percent; readonly percent?: number };
  readonly abort?: { readonly httpStatus?: number; readonly grpcStatus?: string; readonly percentage?: Percent };
}

export interface RetrySpec {
  readonly attempts?: number;
  readonly perTryTimeout?: string;
  readonly retryOn?: string;
  readonly backoff?: string;
  readonly retryIgnorePreviousHosts?: boolean;
}

export interface CorsSpec {
  readonly allowOrigins?: readonly StringMatch[];
  readonly allowOrigin?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAge?: string;
  readonly allowCredentials?: boolean;
  readonly unmatchedPreflights?: string;
}

// ── DestinationRule ──

export interface DestinationRule {
  readonly kind: 'DestinationRule';
  readonly metadata: Metadata;
  readonly spec: DestinationRuleSpec;
}

export interface DestinationRuleSpec {
  readonly host: string;
  readonly exportTo?: readonly string[];
  readonly workloadSelector?: { readonly matchLabels?: Labels };
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets?: readonly SubsetSpec[];
}

export interface SubsetSpec {
  readonly name: string;
  readonly labels?: Labels;
  readonly trafficPolicy?: TrafficPolicy;
}

export interface PolicyBlocks {
  readonly loadBalancer?: LoadBalancerSpec;
  readonly connectionPool?: ConnectionPoolSpec;
  readonly outlierDetection?: OutlierSpec;
}

export interface TrafficPolicy extends PolicyBlocks {
  readonly portLevelSettings?: readonly (PolicyBlocks & { readonly port: { readonly number: number } })[];
}

export interface LoadBalancerSpec {
  readonly simple?: string;
  readonly consistentHash?: {
    readonly httpHeaderName?: string;
    readonly httpCookie?: { readonly name: string };
    readonly useSourceIp?: boolean;
    readonly httpQueryParameterName?: string;
    readonly maglev?: { readonly tableSize: number };
  };
}

export interface ConnectionPoolSpec {
  readonly tcp?: { readonly maxConnections?: number; readonly connectTimeout?: string; readonly idleTimeout?: string };
  readonly http?: {
    readonly http1MaxPendingRequests?: number;
    readonly http2MaxRequests?: number;
    readonly maxRetries?: number;
    readonly maxRequestsPerConnection?: number;
    readonly idleTimeout?: string;
  };
}

export interface OutlierSpec {
  readonly consecutive5xxErrors?: number;
  readonly consecutiveGatewayErrors?: number;
  readonly interval?: string;
  readonly baseEjectionTime?: string;
  readonly maxEjectionPercent?: number;
  readonly minHealthPercent?: number;
}

// ── Services ──

export interface ServiceEntry {
  readonly kind: 'ServiceEntry';
  readonly metadata: Metadata;
  readonly spec: {
    readonly hosts: readonly string[];
    readonly addresses?: readonly string[];
    readonly ports?: readonly { readonly number: number; readonly name: string; readonly protocol?: string; readonly targetPort?: number }[];
    readonly resolution?: string;
    readonly location?: string;
    readonly exportTo?: readonly string[];
    readonly endpoints?: readonly { readonly address: string; readonly labels?: Labels; readonly ports?: Readonly<Record<string, number>> }[];
  };
}

export interface KubernetesService {
  readonly kind: 'Service';
  readonly metadata: Metadata;
  readonly spec: {
    readonly type?: string;
    readonly externalName?: string;
    readonly clusterIP?: string;
    readonly selector?: Labels;
    readonly publishNotReadyAddresses?: boolean;
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string; readonly appProtocol?: string; readonly targetPort?: number | string }[];
  };
}

export interface EndpointSlice {
  readonly kind: 'EndpointSlice';
  readonly metadata: Metadata;
  readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
    readonly targetRef?: { readonly kind?: string; readonly name: string; readonly namespace?: string };
  }[];
}

export interface Pod {
  readonly kind: 'Pod';
  readonly metadata: Metadata;
}

export interface Sidecar {
  readonly kind: 'Sidecar';
  readonly metadata: Metadata;
  readonly spec: {
    readonly workloadSelector?: { readonly labels?: Labels };
    readonly outboundTrafficPolicy?: { readonly mode?: string };
    readonly egress?: readonly { readonly port?: { readonly number: number }; readonly hosts: readonly string[] }[];
  };
}
