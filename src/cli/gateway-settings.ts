import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { WorkloadCertificates } from '../engine/client-tls.ts';
import { limitsOf, type GatewayLimits, type GatewayOptions } from '../gateway/gateway-options.ts';
import type { Credentials, GatewayAuthority, GatewayCredential } from '../gateway/server-contexts.ts';
import { labelsOf } from './config-options.ts';
import { UsageError } from './terminal.ts';

/** What `ts-mesh gateway` takes, as commander gives it. */
export interface GatewayCommandOptions {
  readonly config?: readonly string[];
  /** `key=value` */
  readonly label?: readonly string[];
  readonly namespace: string;
  readonly locality?: string;
  readonly address: string;
  /** `server port=port of this machine` */
  readonly port?: readonly string[];
  /** `name=folder`, `name=certificate,key[,ca]` */
  readonly credential?: readonly string[];
  /** A folder with `cert-chain.pem`, `key.pem`, `root-cert.pem`. */
  readonly certificates?: string;
  /** `name=number` */
  readonly limit?: readonly string[];
  readonly accessLog?: boolean;
  readonly drainMs: string;
  readonly check?: boolean;
}

/** Source: the labels of Istio's own gateway. */
const DEFAULT_LABEL = 'istio=ingressgateway';

/** File names of a Kubernetes Secret of type `kubernetes.io/tls`, and of the generic ones that Istio reads too. */
const IN_SECRETS = [
  { certificate: 'tls.crt', privateKey: 'tls.key', caCertificates: 'ca.crt', crl: 'ca.crl' },
  { certificate: 'cert', privateKey: 'key', caCertificates: 'cacert', crl: 'crl' },
] as const;

/** The options of a gateway in the words of `createGateway`. @throws {UsageError} for what makes no sense. @throws {MeshError} for a limit that is none. */
export function gatewaySettings(options: GatewayCommandOptions, cwd: string): GatewayOptions & { readonly limits: GatewayLimits } {
  const { namespace, locality, address, certificates } = options;
  return {
    labels: labelsOf(options.label ?? [DEFAULT_LABEL]),
    namespace,
    ...(locality !== undefined && { locality }),
    address,
    ports: Object.fromEntries((options.port ?? []).map(portOf)),
    credentials: credentialsOf(options.credential ?? [], cwd),
    ...(certificates !== undefined && { certificates: certificatesIn(resolve(cwd, certificates)) }),
    limits: limitsFrom(options.limit ?? []),
  };
}

/** @throws {UsageError} */
export function drainMsOf({ drainMs }: Pick<GatewayCommandOptions, 'drainMs'>): number {
  if (!/^\d{1,8}$/.test(drainMs)) throw new UsageError(`--drain-ms is a number of milliseconds, got ${drainMs}`);
  return Number(drainMs);
}

function portOf(pair: string): [number, number] {
  const [, server = '', own = ''] = /^(\d{1,5})=(\d{1,5})$/.exec(pair) ?? [];
  const ports: [number, number] = [Number(server), Number(own)];
  if (server === '' || own === '' || ports[0] < 1 || ports.some((port) => port > 65_535)) {
    throw new UsageError(`a port is the server's, =, and the one to listen on, such as 80=8080 (0: any that is free), got ${pair}`);
  }
  return ports;
}

function credentialsOf(pairs: readonly string[], cwd: string): Credentials {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new UsageError(`a credential is name=FOLDER or name=CERTIFICATE,KEY[,CA], got ${pair}`);
      const [first = '', ...rest] = pair.slice(at + 1).split(',').map((path) => resolve(cwd, path));
      return [pair.slice(0, at), rest.length === 0 ? credentialIn(first) : credentialOf(pair, [first, ...rest])];
    }),
  );
}

/** Files that are there now may change later; those that are not are more likely misspelt than still to come. */
function credentialOf(pair: string, [certificate, privateKey, caCertificates, ...more]: readonly string[]): GatewayCredential {
  if (more.length > 0) throw new UsageError(`a credential is name=FOLDER or name=CERTIFICATE,KEY[,CA], got ${pair}`);
  for (const path of [certificate, privateKey, caCertificates]) if (path !== undefined && !isFile(path)) throw new UsageError(`the credential ${pair}: there is no file ${path}`);
  return { certificate: certificate!, privateKey: privateKey!, ...(caCertificates !== undefined && { caCertificates }) };
}

/** Without a certificate it is one for `caCertCredentialName`. */
function credentialIn(folder: string): GatewayCredential | GatewayAuthority {
  for (const names of IN_SECRETS) {
    const [certificate, privateKey, caCertificates, crl] = [names.certificate, names.privateKey, names.caCertificates, names.crl].map((name) => {
      const path = join(folder, name);
      return isFile(path) ? path : undefined;
    });
    const list = crl !== undefined && { crl };
    if (certificate !== undefined && privateKey !== undefined) return { certificate, privateKey, ...(caCertificates !== undefined && { caCertificates }), ...list };
    if (certificate === undefined && privateKey === undefined && caCertificates !== undefined) return { caCertificates, ...list };
  }
  throw new UsageError(`the folder of a credential has the files tls.crt and tls.key (and ca.crt, ca.crl), or ca.crt alone, as Kubernetes mounts a TLS secret; ${folder} has not`);
}

function certificatesIn(folder: string): WorkloadCertificates {
  const [certificateChain, privateKey, rootCertificates] = ['cert-chain.pem', 'key.pem', 'root-cert.pem'].map((name) => join(folder, name)) as [string, string, string];
  const missing = [certificateChain, privateKey, rootCertificates].find((path) => !isFile(path));
  if (missing !== undefined) throw new UsageError(`--certificates is a folder with cert-chain.pem, key.pem and root-cert.pem; there is no file ${missing}`);
  return { certificateChain, privateKey, rootCertificates };
}

function limitsFrom(pairs: readonly string[]): GatewayLimits {
  const known = Object.keys(limitsOf());
  const limits = pairs.map((pair) => {
    const [, name = '', value = ''] = /^(\w+)=(\d{1,15})$/.exec(pair) ?? [];
    if (!known.includes(name)) throw new UsageError(`a limit is one of ${known.join(', ')}, =, and a number, such as headersMs=5000, got ${pair}`);
    return [name, Number(value)] as const;
  });
  return limitsOf(Object.fromEntries(limits));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
