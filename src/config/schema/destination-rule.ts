import { checkClientTls } from '../checks/client-tls.ts';
import { checkDestinationRule, checkSubset } from '../checks/destination-rule.ts';
import {
  checkConsistentHash,
  checkCookie,
  checkLoadBalancer,
  checkLocality,
  checkMaglev,
  checkWarmup,
} from '../checks/load-balancer.ts';
import { checkNotNegative, checkPercent } from '../checks/primitives.ts';
import {
  checkConnectionPool,
  checkHttp2KeepAlive,
  checkHttpPool,
  checkOutlierDetection,
  checkPortPolicy,
  checkRetryBudget,
  checkTcpIdleTimeout,
  checkTcpKeepalive,
  checkTrafficPolicy,
  checkTunnel,
} from '../checks/traffic-policy.ts';
import {
  any,
  anyDuration,
  bool,
  checked,
  closedEnum,
  double,
  enumOf,
  int32,
  list,
  map,
  message,
  text,
  uint32,
  uint64,
  type Field,
} from './field.ts';
import { duration, labels, portSelector, textList, textMap } from './shared.ts';

const count = checked(int32, checkNotNegative);
const percent = checked(int32, checkPercent);

export const tcpKeepalive: Field = message('TcpKeepalive', { probes: uint32, time: duration, interval: duration }, checkTcpKeepalive);

export const connectionPool: Field = message(
  'ConnectionPoolSettings',
  {
    tcp: message('TCPSettings', {
      maxConnections: count,
      connectTimeout: duration,
      tcpKeepalive,
      maxConnectionDuration: duration,
      idleTimeout: checked(anyDuration, checkTcpIdleTimeout),
    }),
    http: message(
      'HTTPSettings',
      {
        http1MaxPendingRequests: count,
        http2MaxRequests: count,
        maxRequestsPerConnection: count,
        maxRetries: count,
        idleTimeout: duration,
        h2UpgradePolicy: enumOf('DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'),
        useClientProtocol: bool,
        maxConcurrentStreams: count,
        http2KeepAlive: message(
          'HTTP2KeepAlive',
          { interval: duration, timeout: duration, connectionIdleInterval: duration, intervalJitter: any },
          checkHttp2KeepAlive,
        ),
      },
      checkHttpPool,
    ),
  },
  checkConnectionPool,
);

export const outlierDetection: Field = message(
  'OutlierDetection',
  {
    consecutive5xxErrors: uint32,
    consecutiveGatewayErrors: uint32,
    consecutiveErrors: int32,
    interval: duration,
    baseEjectionTime: duration,
    maxEjectionPercent: percent,
    minHealthPercent: percent,
    splitExternalLocalOriginErrors: bool,
    consecutiveLocalOriginFailures: uint32,
    outlierDetectionHttpErrorCodes: list(uint32),
  },
  checkOutlierDetection,
);

export const localityLbSetting: Field = message(
  'LocalityLoadBalancerSetting',
  {
    distribute: list(message('Distribute', { from: text, to: map(uint32) })),
    failover: list(message('Failover', { from: text, to: text })),
    failoverPriority: textList,
    enabled: bool,
  },
  checkLocality,
);

const loadBalancer = message(
  'LoadBalancerSettings',
  {
    simple: enumOf('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'),
    consistentHash: message(
      'ConsistentHashLB',
      {
        httpHeaderName: text,
        httpCookie: message(
          'HTTPCookie',
          {
            name: text,
            path: text,
            ttl: anyDuration,
            attributes: list(message('Attribute', { name: text, value: text })),
          },
          checkCookie,
        ),
        useSourceIp: bool,
        httpQueryParameterName: text,
        ringHash: message('RingHash', { minimumRingSize: uint64 }),
        maglev: message('MagLev', { tableSize: uint64 }, checkMaglev),
        minimumRingSize: uint64,
      },
      checkConsistentHash,
    ),
    localityLbSetting,
    zoneAwareLbSetting: any,
    warmupDurationSecs: anyDuration,
    warmup: message('WarmupConfiguration', { duration, minimumPercent: double, aggression: double }, checkWarmup),
  },
  checkLoadBalancer,
);

const tls = message(
  'ClientTLSSettings',
  {
    mode: enumOf('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'),
    clientCertificate: text,
    privateKey: text,
    caCertificates: text,
    caCrl: text,
    credentialName: text,
    subjectAltNames: textList,
    sni: text,
    insecureSkipVerify: bool,
  },
  checkClientTls,
);

const portPolicy = message(
  'PortTrafficPolicy',
  { port: portSelector, loadBalancer, connectionPool, outlierDetection, tls },
  checkPortPolicy,
);

const trafficPolicy = message(
  'TrafficPolicy',
  {
    loadBalancer,
    connectionPool,
    outlierDetection,
    tls,
    portLevelSettings: list(portPolicy),
    tunnel: message('TunnelSettings', { protocol: text, targetHost: text, targetPort: uint32 }, checkTunnel),
    proxyProtocol: message('ProxyProtocol', { version: closedEnum('V1', 'V2') }),
    retryBudget: message(
      'RetryBudget',
      { percent: double, minRetryConcurrency: uint32, budgetInterval: anyDuration },
      checkRetryBudget,
    ),
  },
  checkTrafficPolicy,
);

/** Source: istio/api networking/v1alpha3/destination_rule.proto. */
export const destinationRule: Field = message(
  'DestinationRule',
  {
    host: text,
    trafficPolicy,
    subsets: list(message('Subset', { name: text, labels, trafficPolicy }, checkSubset)),
    exportTo: textList,
    workloadSelector: message('WorkloadSelector', { matchLabels: textMap }),
  },
  checkDestinationRule,
);
