import { checkMeshConfig } from '../checks/mesh-config.ts';
import { connectionPool, localityLbSetting, outlierDetection, tcpKeepalive } from './destination-rule.ts';
import { any, anyDuration, bool, double, enumOf, message, openMessage, text, uint32, type Field } from './field.ts';
import { outboundMode, textList, textMap } from './shared.ts';
import { retries } from './virtual-service.ts';

/** Known to Istio and not read here. */
const UNREAD = [
  'proxyListenPort',
  'proxyInboundListenPort',
  'proxyHttpPort',
  'ingressClass',
  'ingressService',
  'ingressControllerMode',
  'ingressSelector',
  'enableTracing',
  'enableEnvoyAccessLogService',
  'disableEnvoyListenerLog',
  'inboundTrafficPolicy',
  'configSources',
  'trustDomainAliases',
  'caCertificates',
  'zoneAwareLbSetting',
  'inboundClusterStatName',
  'outboundClusterStatName',
  'certificates',
  'thriftConfig',
  'serviceSettings',
  'enablePrometheusMerge',
  'verifyCertificateAtClient',
  'extensionProviders',
  'defaultProviders',
  'discoverySelectors',
  'defaultInboundHttpRetryPolicy',
  'meshMTLS',
  'tlsDefaults',
  'protocolDetectionTimeout',
  'ca',
  'hboneIdleTimeout',
  'serviceScopeConfigs',
];

const switchable = openMessage('ProxyHeader', { disabled: bool });

/** Source: istio/api mesh/v1alpha1/proxy.proto. */
const proxyHeaders = openMessage('ProxyHeaders', {
  server: openMessage('Server', { disabled: bool, value: text }),
  requestId: switchable,
  attemptCount: switchable,
  envoyDebugHeaders: switchable,
  setCurrentClientCertDetails: openMessage('SetCurrentClientCertDetails', { subject: bool, cert: bool, chain: bool, dns: bool, uri: bool }),
});

const gatewayTopology = openMessage('Topology', {
  numTrustedProxies: uint32,
  forwardClientCertDetails: enumOf('UNDEFINED', 'SANITIZE', 'FORWARD_ONLY', 'APPEND_FORWARD', 'SANITIZE_SET', 'ALWAYS_FORWARD_ONLY'),
});

/** Source: istio/api mesh/v1alpha1/config.proto. */
export const meshConfig: Field = message(
  'MeshConfig',
  {
    outboundTrafficPolicy: message('OutboundTrafficPolicy', { mode: outboundMode }),
    connectTimeout: anyDuration,
    defaultHttpRetryPolicy: retries,
    defaultTrafficPolicy: message('DefaultTrafficPolicy', { connectionPool, outlierDetection }),
    localityLbSetting,
    tcpKeepalive,
    h2UpgradePolicy: enumOf('DO_NOT_UPGRADE', 'UPGRADE'),
    enableAutoMtls: bool,
    accessLogFile: text,
    accessLogFormat: text,
    accessLogEncoding: enumOf('TEXT', 'JSON'),
    defaultServiceExportTo: textList,
    defaultVirtualServiceExportTo: textList,
    defaultDestinationRuleExportTo: textList,
    rootNamespace: text,
    trustDomain: text,
    dnsRefreshRate: anyDuration,
    pathNormalization: message('ProxyPathNormalization', {
      normalization: enumOf('DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'),
    }),
    defaultConfig: openMessage('ProxyConfig', { tracing: openMessage('Tracing', { sampling: double }), proxyHeaders, gatewayTopology, proxyMetadata: textMap }),
    ...Object.fromEntries(UNREAD.map((name) => [name, any])),
  },
  checkMeshConfig,
);
