import type { ConfigIssue } from '../issue.ts';
import type { Resource } from '../resource.ts';
import { AnalysisContext, TooMuchWork, type Analyzer } from './analysis-context.ts';
import { deploymentServices } from './deployment/services.ts';
import { applicationUser } from './deployment/application-user.ts';
import { deprecations } from './deprecations.ts';
import { caCertificates } from './destination-rule/ca-certificates.ts';
import { subsetPods } from './destination-rule/subset-pods.ts';
import type { Finding } from './finding.ts';
import { gatewayCertificates } from './gateway/certificates.ts';
import { conflictingGateways } from './gateway/conflicts.ts';
import { gatewayCredentials } from './gateway/credentials.ts';
import { gatewayWorkloads } from './gateway/workloads.ts';
import { imageAuto } from './injection/image-auto.ts';
import { injection } from './injection/namespaces.ts';
import { emptySubsets } from './mesh/empty-subsets.ts';
import { failoverWithoutOutlier } from './mesh/failover-without-outlier.ts';
import { faultsLeftOn } from './mesh/faults-left-on.ts';
import { idleDestinations } from './mesh/idle-destinations.ts';
import { ignoredPolicies } from './mesh/ignored-policies.ts';
import { powerlessEjection } from './mesh/powerless-ejection.ts';
import { retriedWrites } from './mesh/retried-writes.ts';
import { shadowedRules } from './mesh/shadowed-rules.ts';
import { shortTimeouts } from './mesh/short-timeouts.ts';
import { unknownEgressHosts } from './mesh/unknown-egress-hosts.ts';
import { portNames } from './service/port-names.ts';
import { tcpAddresses } from './service-entry/addresses.ts';
import { entryProtocols } from './service-entry/protocols.ts';
import { sidecarSelectors } from './sidecar/selectors.ts';
import { readingIssues, unreachableRules } from './validation.ts';
import { conflictingHosts } from './virtual-service/conflicting-hosts.ts';
import { destinationHosts } from './virtual-service/destination-hosts.ts';
import { virtualServiceGateways } from './virtual-service/gateways.ts';
import { ingressSubsets } from './virtual-service/ingress-subsets.ts';
import { jwtClaims } from './virtual-service/jwt-claims.ts';
import { destinationSubsets } from './virtual-service/subsets.ts';

/** What istioctl finds in Istio's own resources alone. */
const OF_RULES: readonly Analyzer[] = [
  unreachableRules,
  deprecations,
  destinationSubsets,
  virtualServiceGateways,
  conflictingHosts,
  caCertificates,
  gatewayCertificates,
  tcpAddresses,
  entryProtocols,
];

/** What ts-mesh finds in rules. */
const OWN_OF_RULES: readonly Analyzer[] = [
  shadowedRules,
  retriedWrites,
  failoverWithoutOutlier,
  shortTimeouts,
  faultsLeftOn,
  idleDestinations,
  ignoredPolicies,
];

/** What istioctl finds where Services, Pods, Namespaces and Secrets are given as well. */
const OF_CLUSTER: readonly Analyzer[] = [
  destinationHosts,
  ingressSubsets,
  jwtClaims,
  subsetPods,
  gatewayWorkloads,
  gatewayCredentials,
  conflictingGateways,
  sidecarSelectors,
  portNames,
  deploymentServices,
  applicationUser,
  injection,
  imageAuto,
];

/** What ts-mesh finds where all Services and workloads are given. */
const OWN_OF_CLUSTER: readonly Analyzer[] = [emptySubsets, powerlessEjection, unknownEgressHosts];

/** How resources are analysed. */
export interface AnalyzeOptions {
  /** What was found when the resources were read, with `rules: 'analysis'`. */
  readonly issues?: readonly ConfigIssue[];
  /**
   * Whether the resources are all there are, so that what they refer to must be among them. `false`: Services, Pods and the
   * like may well be elsewhere, and only rules are compared with each other, as `istioctl analyze --use-kube=false` does.
   * Default true.
   */
  readonly complete?: boolean;
  /** Of the cluster; default `cluster.local`. */
  readonly domain?: string;
}

/**
 * What `istioctl analyze` has to tell of several resources together, and what ts-mesh has. Pure; resources come from
 * `readResources(inputs, { rules: 'analysis' })`, which keeps those with errors.
 */
export function analyze(resources: readonly Resource[], options: AnalyzeOptions = {}): readonly Finding[] {
  const { issues = [], complete = true, domain = 'cluster.local' } = options;
  const context = new AnalysisContext(resources, domain);
  readingIssues(issues, context);
  try {
    for (const analyzer of [...OF_RULES, ...OWN_OF_RULES]) analyzer(context);
    if (complete) for (const analyzer of [...OF_CLUSTER, ...OWN_OF_CLUSTER]) analyzer(context);
  } catch (error) {
    if (!(error instanceof TooMuchWork)) throw error;
    const { file = '', line = 1, column = 1 } = resources[0]?.locate('') ?? {};
    const message = `these ${resources.length} resources refer to each other too often; not everything was compared`;
    context.log.addAt('TSM0000', { file, line, column }, '', message, { hint: 'analyse fewer of them at a time' });
  }
  return context.log.findings;
}
