import type * as tls from 'node:tls';
import type { GatewayTls } from '../config/gateways/gateway-model.ts';
import type { WorkloadCertificates } from '../engine/client-tls.ts';
import { revocationLists } from '../engine/revocation-lists.ts';
import { TlsFiles } from '../engine/tls-files.ts';

/** A certificate with its key: paths of PEM files, or PEM texts. */
export interface GatewayCredential extends Partial<GatewayAuthority> {
  /** With the certificates between it and the root. */
  readonly certificate: string;
  readonly privateKey: string;
}

/** Whose callers are taken, for `MUTUAL` and `OPTIONAL_MUTUAL`: paths of PEM files, or PEM texts. */
export interface GatewayAuthority {
  /** Who may sign callers' certificates. */
  readonly caCertificates: string;
  /** Lists of certificates that were taken back: one of each authority, as a certificate whose authority has none is not taken then. */
  readonly crl?: string;
}

/** By `credentialName`; for `caCertCredentialName` one without a certificate will do. */
export type Credentials = Readonly<Record<string, GatewayCredential | GatewayAuthority>>;

/** What a server's handshakes are made of, and a text that changes with it. */
export interface ServerContext {
  readonly version: string;
  /** Costly: only for another version. @throws {Error} when a file has not what it should have */
  readonly options: () => tls.SecureContextOptions;
}

/** The certificates of servers, from rules and from credentials, as they are at the moment. */
export class ServerContexts {
  readonly #files = new TlsFiles();
  readonly #credentials: Credentials;
  readonly #workload: WorkloadCertificates | undefined;

  constructor(credentials: Credentials, workload: WorkloadCertificates | undefined) {
    this.#credentials = credentials;
    this.#workload = workload;
  }

  /** @throws {Error} when a credential is not given, or a file can't be read: nobody is taken then */
  async of(server: GatewayTls): Promise<ServerContext> {
    const own = this.#certificatesOf(server);
    const { caCertificates, crl } = this.#authorityOf(server);
    const sources = [own.map(({ certificate }) => certificate), own.map(({ privateKey }) => privateKey), caCertificates, crl];
    const [certificates = [], keys = [], authorities = [], lists = []] = await Promise.all(sources.map((texts) => Promise.all(texts.map((text) => this.#read(text)))));
    const { minVersion, maxVersion, cipherSuites } = server;
    return {
      version: [...certificates, ...keys, ...authorities, ...lists].map(({ version }) => version).join('\n'),
      options: () => ({
        cert: certificates.map(({ content }) => content),
        key: keys.map(({ content }) => content),
        ...(authorities.length > 0 && { ca: authorities.map(({ content }) => content) }),
        ...(lists.length > 0 && { crl: lists.flatMap(({ content, name }) => revocationLists(content, name)) }),
        minVersion: `TLSv${minVersion}` as tls.SecureVersion,
        maxVersion: `TLSv${maxVersion}` as tls.SecureVersion,
        // TLS 1.3 has suites of its own, which nobody may choose from.
        ...(cipherSuites.length > 0 && { ciphers: [...TLS13_SUITES, ...cipherSuites].join(':') }),
      }),
    };
  }

  #certificatesOf({ mode, certificates, credentialNames }: GatewayTls): Pick<GatewayCredential, 'certificate' | 'privateKey'>[] {
    if (mode === 'ISTIO_MUTUAL') {
      const { certificateChain, privateKey } = this.#ofMesh();
      return [{ certificate: certificateChain, privateKey }];
    }
    const named = credentialNames.map((name) => {
      const credential = this.#credential('credentialName', name);
      if (!('certificate' in credential)) throw new Error(`credentialName ${name} has no certificate among the gateway's credentials`);
      return credential;
    });
    if (named.length + certificates.length === 0) throw new Error(`mode ${mode} needs a certificate`);
    return [...named, ...certificates];
  }

  /** By whom callers' certificates are checked: of several credentials by the first alone. Source: istio `ApplyCredentialSDSToServerCommonTLSContext`. */
  #authorityOf({ mode, caCertificates, caCredentialName, caCrl, credentialNames: [name] }: GatewayTls): { caCertificates: string[]; crl: string[] } {
    if (mode === 'SIMPLE') return { caCertificates: [], crl: [] };
    const named = (): Partial<GatewayAuthority> => {
      if (mode === 'ISTIO_MUTUAL') return { caCertificates: this.#ofMesh().rootCertificates };
      if (caCredentialName !== undefined) return this.#credential('caCertCredentialName', caCredentialName);
      return name === undefined ? { ...(caCertificates !== undefined && { caCertificates }) } : this.#credential('credentialName', name);
    };
    const authority = named();
    // Without any, Node would take whomever it trusts as a server.
    if (authority.caCertificates === undefined) throw new Error(`mode ${mode} needs caCertificates, and credential ${caCredentialName ?? name ?? '(none)'} has none`);
    return { caCertificates: [authority.caCertificates], crl: [authority.crl, caCrl].filter((text) => text !== undefined) };
  }

  #ofMesh(): WorkloadCertificates {
    if (this.#workload === undefined) throw new Error('mode ISTIO_MUTUAL needs certificates of the mesh, and neither the gateway nor its mesh was given any');
    return this.#workload;
  }

  #credential(field: string, name: string): GatewayCredential | GatewayAuthority {
    const credential = Object.hasOwn(this.#credentials, name) ? this.#credentials[name] : undefined;
    if (credential === undefined) throw new Error(`${field} ${name} is not among the gateway's credentials`);
    return credential;
  }

  async #read(text: string): Promise<{ version: string; content: Buffer | string; name: string }> {
    return text.includes('-----BEGIN ') ? { version: text, content: text, name: 'the text of a credential' } : { ...(await this.#files.read(text)), name: text };
  }
}

const TLS13_SUITES = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];
