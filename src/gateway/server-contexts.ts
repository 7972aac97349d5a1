import type * as tls from 'node:tls';
import type { GatewayTls } from '../config/gateways/gateway-model.ts';
import type { WorkloadCertificates } from '../engine/client-tls.ts';
import { TlsFiles } from '../engine/tls-files.ts';

/** A certificate with its key: paths of PEM files, or PEM texts. */
export interface GatewayCredential {
  /** With the certificates between it and the root. */
  readonly certificate: string;
  readonly privateKey: string;
  /** Who may sign callers' certificates, for `MUTUAL` and `OPTIONAL_MUTUAL`. */
  readonly caCertificates?: string;
}

/** By `credentialName`. */
export type Credentials = Readonly<Record<string, GatewayCredential>>;

/** What a server's handshakes are made of, and a text that changes with it. */
export interface ServerContext {
  readonly version: string;
  readonly options: tls.SecureContextOptions;
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

  /** @throws {Error} when a credential is not given, or a file can't be read */
  async of(server: GatewayTls): Promise<ServerContext> {
    const sources = this.#sourcesOf(server);
    const texts = sources.flatMap(({ certificate, privateKey }) => [certificate, privateKey]);
    const authorities = sources.flatMap(({ caCertificates }) => caCertificates ?? []);
    const read = await Promise.all([...texts, ...authorities].map((text) => this.#read(text)));
    const own = read.slice(0, texts.length);
    const ca = read.slice(texts.length).map(({ content }) => content);
    const { minVersion, maxVersion, cipherSuites } = server;
    return {
      version: read.map(({ version }) => version).join('\n'),
      options: {
        cert: own.filter((_, i) => i % 2 === 0).map(({ content }) => content),
        key: own.filter((_, i) => i % 2 === 1).map(({ content }) => content),
        ...(ca.length > 0 && { ca }),
        minVersion: `TLSv${minVersion}` as tls.SecureVersion,
        maxVersion: `TLSv${maxVersion}` as tls.SecureVersion,
        // TLS 1.3 has suites of its own, which nobody may choose from.
        ...(cipherSuites.length > 0 && { ciphers: [...TLS13_SUITES, ...cipherSuites].join(':') }),
      },
    };
  }

  #sourcesOf({ mode, certificates, caCertificates, credentialNames }: GatewayTls): GatewayCredential[] {
    if (mode === 'ISTIO_MUTUAL') {
      if (this.#workload === undefined) throw new Error('mode ISTIO_MUTUAL needs certificates of the mesh, and neither the gateway nor its mesh was given any');
      const { certificateChain, privateKey, rootCertificates } = this.#workload;
      return [{ certificate: certificateChain, privateKey, caCertificates: rootCertificates }];
    }
    const named = credentialNames.map((name) => {
      const credential = Object.hasOwn(this.#credentials, name) ? this.#credentials[name] : undefined;
      if (credential === undefined) throw new Error(`credentialName ${name} is not among the gateway's credentials`);
      return credential;
    });
    const sources = [...named, ...certificates.map((one) => ({ ...one, ...(caCertificates !== undefined && { caCertificates }) }))];
    if (sources.length === 0) throw new Error(`mode ${mode} needs a certificate`);
    return sources;
  }

  async #read(text: string): Promise<{ version: string; content: Buffer | string }> {
    return text.includes('-----BEGIN ') ? { version: text, content: text } : this.#files.read(text);
  }
}

const TLS13_SUITES = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];
