import type {
  DestinationRuleSpec,
  DestinationSpec,
  EndpointSliceBody,
  EndpointsBody,
  GatewaySpec,
  HttpRouteSpec,
  KubernetesServiceSpec,
  L4MatchSpec,
  MeshConfigSpec,
  ServiceEntrySpec,
  SidecarSpec,
  VirtualServiceSpec,
  WorkloadEntrySpec,
} from '../istio-types.ts';
import type { ServerTlsSpec } from '../checks/server-tls.ts';
import type { Labels } from './labels.ts';

/**
 * The specs of the kinds that are analysed. Resources with errors are analysed too, so nothing is there for sure.
 */
export interface AnalysedSpecs {
  readonly VirtualService: AnalysedVirtualService;
  readonly DestinationRule: Partial<DestinationRuleSpec>;
  readonly ServiceEntry: Partial<ServiceEntrySpec>;
  readonly WorkloadEntry: WorkloadEntrySpec;
  readonly WorkloadGroup: unknown;
  readonly Sidecar: SidecarSpec;
  readonly Gateway: AnalysedGateway;
  readonly Service: KubernetesServiceSpec;
  readonly EndpointSlice: EndpointSliceBody;
  readonly Endpoints: EndpointsBody;
  readonly Pod: { readonly spec?: PodSpec };
  readonly Deployment: DeploymentSpec;
  readonly Namespace: unknown;
  readonly Node: unknown;
  readonly Secret: { readonly data?: Readonly<Record<string, string>> };
  readonly RequestAuthentication: { readonly selector?: { readonly matchLabels?: Labels } };
  readonly ConfigMap: AnalysedMeshConfig;
}

export interface AnalysedVirtualService extends Pick<VirtualServiceSpec, 'hosts' | 'gateways' | 'exportTo'> {
  readonly http?: readonly AnalysedHttpRule[];
  readonly tls?: readonly L4Rule[];
  readonly tcp?: readonly L4Rule[];
}

export interface AnalysedHttpRule extends Omit<HttpRouteSpec, 'route' | 'mirrors'> {
  readonly route?: readonly AnalysedRoute[];
  readonly mirrors?: readonly AnalysedRoute[];
}

interface L4Rule {
  readonly match?: readonly L4MatchSpec[];
  readonly route?: readonly AnalysedRoute[];
}

export interface AnalysedRoute {
  readonly destination?: Partial<DestinationSpec>;
  readonly weight?: number;
}

export interface AnalysedGateway extends Pick<GatewaySpec, 'selector'> {
  readonly servers?: readonly GatewayServer[];
}

export interface GatewayServer {
  readonly port?: { readonly number?: number };
  readonly hosts?: readonly string[];
  readonly bind?: string;
  readonly tls?: ServerTlsSpec;
}

/** What runs in a pod. */
export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly securityContext?: { readonly runAsUser?: number };
  readonly hostNetwork?: boolean;
  readonly nodeName?: string;
}

export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly securityContext?: { readonly runAsUser?: number };
}

export interface DeploymentSpec {
  readonly template?: { readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels }; readonly spec?: PodSpec };
}

export interface AnalysedMeshConfig extends Omit<MeshConfigSpec, 'defaultConfig'> {
  readonly defaultConfig?: { readonly proxyMetadata?: Readonly<Record<string, string>> };
}
