/** `error`: calls fail or rules are not taken; `warning`: probably not what was meant; `info`: worth knowing. */
export type FindingLevel = 'error' | 'warning' | 'info';

interface CodeInfo {
  readonly level: FindingLevel;
  /** What the code is about, in a few words. */
  readonly title: string;
}

/** Source: istio pkg/config/analysis/msg/messages.yaml. */
const ISTIO = {
  IST0002: { level: 'warning', title: 'a deprecated field' },
  IST0101: { level: 'error', title: 'a reference to something that is not there' },
  IST0102: { level: 'info', title: 'a namespace without sidecar injection' },
  IST0103: { level: 'warning', title: 'a pod without a proxy in a namespace with injection' },
  IST0106: { level: 'error', title: 'a resource that Istio refuses' },
  IST0109: { level: 'error', title: 'several VirtualServices for one host of the mesh' },
  IST0110: { level: 'error', title: 'several Sidecars that select one pod' },
  IST0111: { level: 'error', title: 'several Sidecars for a whole namespace' },
  IST0112: { level: 'error', title: 'a destination without a port, of a service with several' },
  IST0116: { level: 'warning', title: 'a deployment behind services that disagree on a port\'s protocol' },
  IST0118: { level: 'info', title: 'a port whose name does not tell its protocol' },
  IST0123: { level: 'warning', title: 'a namespace with several injection labels' },
  IST0128: { level: 'warning', title: 'TLS without a CA to check the server by' },
  IST0129: { level: 'warning', title: 'TLS on a port without a CA to check the server by' },
  IST0130: { level: 'warning', title: 'a rule that is never used' },
  IST0131: { level: 'info', title: 'a match that is never used' },
  IST0132: { level: 'warning', title: 'a host that the gateway does not have' },
  IST0133: { level: 'warning', title: 'a resource that Istio warns of' },
  IST0134: { level: 'warning', title: 'a TCP port of an entry without addresses' },
  IST0137: { level: 'warning', title: 'a deployment behind services that map two ports to one' },
  IST0138: { level: 'warning', title: 'one certificate in several gateways' },
  IST0140: { level: 'warning', title: 'subsets that do not count for an ingress gateway' },
  IST0144: { level: 'warning', title: 'a pod that runs as the proxy\'s user' },
  IST0145: { level: 'error', title: 'gateways that claim the same hosts' },
  IST0147: { level: 'error', title: 'a pod with `image: auto` that nothing injects' },
  IST0149: { level: 'error', title: 'routes by JWT claims that nothing checks' },
  IST0150: { level: 'warning', title: 'a port name of an ExternalName Service' },
  IST0161: { level: 'error', title: 'a credential that is none' },
  IST0162: { level: 'warning', title: 'a gateway port that its Service does not have' },
  IST0165: { level: 'warning', title: 'a reference to a generated gateway' },
  IST0167: { level: 'warning', title: 'a Sidecar for a workload without one' },
  IST0173: { level: 'error', title: 'a subset that no pod has' },
  IST0174: { level: 'warning', title: 'a DestinationRule for a host that nobody has' },
  IST0177: { level: 'warning', title: 'ServiceEntries that disagree on a port\'s protocol' },
} as const satisfies Record<string, CodeInfo>;

/** ts-mesh's own; docs/findings.md tells of each. */
const OWN = {
  TSM0000: { level: 'warning', title: 'an analysis that was given up' },
  TSM0001: { level: 'warning', title: 'a rule that can never match' },
  TSM0002: { level: 'warning', title: 'a subset that no endpoint has' },
  TSM0003: { level: 'warning', title: 'retries that may carry out a write twice' },
  TSM0004: { level: 'warning', title: 'failover without outlier detection' },
  TSM0005: { level: 'warning', title: 'a timeout that ends before the retries do' },
  TSM0006: { level: 'warning', title: 'a fault for everyone' },
  TSM0007: { level: 'info', title: 'a destination that gets no calls' },
  TSM0008: { level: 'warning', title: 'outlier detection that can eject nobody' },
  TSM0009: { level: 'warning', title: 'an egress host that nobody has, where only known hosts are reached' },
  TSM0010: { level: 'warning', title: 'several DestinationRules of which one policy counts' },
  TSM0011: { level: 'info', title: 'a fault without a percentage, which never happens' },
} as const satisfies Record<string, CodeInfo>;

/** Every code there is. `PARSE`: a document that could not be read as what it says it is. */
export const CODES = { PARSE: { level: 'error', title: 'a document that cannot be parsed' }, ...ISTIO, ...OWN } as const satisfies Record<string, CodeInfo>;

/** `IST…`: istioctl's; `TSM…`: ts-mesh's own; `PARSE`. */
export type FindingCode = keyof typeof CODES;
