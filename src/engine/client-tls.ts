import { isIP, type Socket } from 'node:net';
import * as tls from 'node:tls';
import type { ClientTlsOptions } from '../cluster/model.ts';
import type { Connect } from './dial.ts';
import { revocationLists } from './revocation-lists.ts';
import { identityError, type ExpectedIdentity } from './server-identity.ts';
import { TlsFailure } from './tls-failure.ts';
import { TlsFiles } from './tls-files.ts';

/** What a workload shows to others of its mesh: paths of PEM files, read again when they change. */
export interface WorkloadCertificates {
  /** Its own certificate, with those between it and the root. Istio's `cert-chain.pem`. */
  readonly certificateChain: string;
  /** Istio's `key.pem`. */
  readonly privateKey: string;
  /** The roots that others' certificates are checked by. Istio's `root-cert.pem`. */
  readonly rootCertificates: string;
}

/** Of `node:tls`: whom https calls trust, and what they show. Default: as the process does, `NODE_EXTRA_CA_CERTS` included. */
export type HttpsOptions = Pick<tls.ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'rejectUnauthorized' | 'minVersion' | 'maxVersion'>;

/** What of a handshake the call decides. */
export interface Handshake {
  /** The Host of the call, without port: name asked for and name expected, where the rule names neither; absent: none. */
  readonly authority?: string | undefined;
  /** What is spoken then; absent: bytes, for which nothing is negotiated. */
  readonly protocol?: 'http1' | 'http2' | undefined;
}

/**
 * TLS from the mesh to endpoints. Handshakes count as connecting: what goes wrong is a connection failure. Contexts are kept as
 * long as the files they were made of.
 *
 * Source: istio `buildUpstreamClusterTLSContext`, Envoy `SslSocket`.
 */
export class ClientTls {
  readonly #files = new TlsFiles();
  readonly #workload: WorkloadCertificates | undefined;
  readonly #contexts = new Map<string, { readonly version: string; readonly context: tls.SecureContext }>();

  readonly #https: HttpsOptions;
  #httpsContext: tls.SecureContext | undefined;

  /** @param https - of calls to `https://` URLs */
  constructor(workload?: WorkloadCertificates, https: HttpsOptions = {}) {
    this.#workload = workload;
    this.#https = https;
  }

  /** `connect`, with a handshake on each socket. */
  over(connect: Connect, options: ClientTlsOptions, handshake: Handshake): Connect {
    return (target, callback) => {
      let giveUp: (() => void) | void;
      let isOver = false;
      const end = (error: Error | null, socket?: Socket): void => {
        if (isOver) socket?.destroy();
        else callback(error, socket);
        isOver = true;
      };
      const shake = (context: tls.SecureContext, bare: Socket): void => {
        // What goes wrong with it is told by the socket around it.
        bare.on('error', () => {});
        const socket = tls.connect({ socket: bare, secureContext: context, ...connectionOptions(options, handshake), ...(options.mode === 'HTTPS' && verification(this.#https)) });
        giveUp = () => void socket.on('error', () => {}).destroy();
        const onError = (error: Error): void => end(new TlsFailure(error));
        const onClose = (): void => end(new TlsFailure(new Error('the connection was closed during the handshake')));
        socket.once('error', onError).once('close', onClose);
        socket.once('secureConnect', () => {
          socket.off('error', onError).off('close', onClose);
          end(null, socket);
        });
      };
      this.#context(options).then(
        (context) => {
          if (isOver) return;
          giveUp = connect(target, (error, bare) => {
            if (error !== null || bare === undefined) end(error ?? new Error('no socket'));
            else if (isOver) bare.destroy();
            else shake(context, bare);
          });
        },
        (error: unknown) => end(new TlsFailure(error as Error)),
      );
      return () => {
        isOver = true;
        giveUp?.();
      };
    };
  }

  async #context(options: ClientTlsOptions): Promise<tls.SecureContext> {
    if (options.mode === 'HTTPS') return (this.#httpsContext ??= tls.createSecureContext(this.#https));
    const { caCertificates, clientCertificate, privateKey } = this.#pathsOf(options);
    const paths = [caCertificates, clientCertificate, privateKey, options.caCrl];
    const [ca, cert, key, crl] = await Promise.all(paths.map((path) => (path === undefined ? undefined : this.#files.read(path))));
    const name = paths.map((path) => path ?? '').join('\n');
    const version = [ca, cert, key, crl].map((file) => file?.version ?? '').join('\n');
    const known = this.#contexts.get(name);
    if (known?.version === version) return known.context;
    const context = tls.createSecureContext({
      ca: ca?.content ?? systemRoots(),
      ...(cert !== undefined && { cert: cert.content }),
      ...(key !== undefined && { key: key.content }),
      ...(crl !== undefined && { crl: revocationLists(crl.content, options.caCrl!) }),
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
    });
    this.#contexts.set(name, { version, context });
    return context;
  }

  #pathsOf(options: ClientTlsOptions): Pick<ClientTlsOptions, 'caCertificates' | 'clientCertificate' | 'privateKey'> {
    if (options.mode !== 'ISTIO_MUTUAL') return options;
    if (this.#workload === undefined) throw new Error(NO_CERTIFICATES);
    const { certificateChain, privateKey, rootCertificates } = this.#workload;
    return { caCertificates: rootCertificates, clientCertificate: certificateChain, privateKey };
  }
}

/** Unset, it is as the process has it. */
function verification({ rejectUnauthorized }: HttpsOptions): Pick<HttpsOptions, 'rejectUnauthorized'> {
  return { rejectUnauthorized: rejectUnauthorized ?? process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0' };
}

const NO_CERTIFICATES =
  'tls.mode ISTIO_MUTUAL needs certificates of the mesh, and workload.certificates names none (most likely a PeerAuthentication of mode STRICT asks for them: give the three files, or allow PERMISSIVE there)';

/** Names of protocols in handshakes. Within a mesh they tell the other side's proxy that one of its own kind calls. Source: istio `ALPNInMesh`. */
const PROTOCOLS = {
  mesh: { http1: ['istio-http/1.1', 'istio', 'http/1.1'], http2: ['istio-h2', 'istio', 'h2'], bytes: ['istio-peer-exchange', 'istio'] },
  others: { http1: ['http/1.1'], http2: ['h2'], bytes: undefined },
} as const;

function connectionOptions(options: ClientTlsOptions, { authority, protocol }: Handshake): tls.ConnectionOptions {
  const { mode, sni, insecureSkipVerify = false } = options;
  const alpn = PROTOCOLS[mode === 'ISTIO_MUTUAL' ? 'mesh' : 'others'][protocol ?? 'bytes'];
  const servername = sni ?? authority ?? '';
  const expected = identityOf(options, authority);
  return {
    // An IP address is no server name. Source: RFC 6066 §3.
    servername: isIP(servername) === 0 ? servername : '',
    ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
    rejectUnauthorized: !insecureSkipVerify,
    checkServerIdentity: (_name, { raw }) => identityError(raw, expected),
  };
}

/** Where the rule names whom it expects, that counts; where it sets the SNI, nobody is expected. Source: istio `setAutoSniAndAutoSanValidation`. */
function identityOf({ sni, subjectAltNames = [], serviceSubjectAltNames }: ClientTlsOptions, authority: string | undefined): ExpectedIdentity {
  if (subjectAltNames.length > 0) return { anyOf: subjectAltNames };
  return { name: sni === undefined ? authority : undefined, anyOf: serviceSubjectAltNames };
}

/** Of the system, and what `NODE_EXTRA_CA_CERTS` adds. */
function systemRoots(): string[] {
  return (roots ??= [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])]);
}

let roots: string[] | undefined;
