import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import type { GatewayTls } from '../config/gateways/gateway-model.ts';
import { identityError } from '../engine/server-identity.ts';
import { isPinned } from './pinned-certificates.ts';
import type { ServerContexts } from './server-contexts.ts';
import { ALERT, firstAlert } from './tls-alert.ts';

/** A caller in its handshake. */
interface Waiting {
  readonly bare: Socket;
  readonly begun: (socket: tls.TLSSocket) => void;
}

/** What an end of TLS is made with. */
export interface TlsEndOptions {
  readonly contexts: ServerContexts;
  readonly handshakeMs: number;
  /** Whether HTTP is spoken inside. */
  readonly isHttp: boolean;
}

/**
 * Where callers' TLS ends. A handshake that fails is nobody's call: it leaves no line in the access log, as with Envoy.
 *
 * Source: istio `buildGatewayListenerTLSContext`.
 */
export class TlsEnd {
  readonly #settings: GatewayTls;
  readonly #contexts: ServerContexts;
  readonly #server: tls.Server;
  /** By the caller's address and port. */
  readonly #waiting = new Map<string, Waiting>();
  /** The secrets of handshakes under way. */
  readonly #secrets = new WeakMap<tls.TLSSocket, Buffer>();
  #version: string | undefined;

  constructor(settings: GatewayTls, { contexts, handshakeMs, isHttp }: TlsEndOptions) {
    this.#settings = settings;
    this.#contexts = contexts;
    const { mode } = settings;
    this.#server = tls.createServer({
      requestCert: mode !== 'SIMPLE',
      // Judged when the handshake is over, so that the caller can be told why.
      rejectUnauthorized: false,
      handshakeTimeout: handshakeMs,
      ...(isHttp && { ALPNProtocols: ['h2', 'http/1.1'] }),
    });
    if (mode !== 'SIMPLE') this.#server.on('keylog', (line, socket) => this.#noteSecret(line, socket));
    this.#server.on('secureConnection', (socket) => this.#begun(socket));
    // The caller is told by an alert, as far as TLS has one; nothing else is open then.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /**
   * Does the handshake on `bare`, and calls `begun` with what is inside.
   *
   * @throws {Error} when there is no certificate to show
   */
  async take(bare: Socket, begun: (socket: tls.TLSSocket) => void): Promise<void> {
    const { version, options } = await this.#contexts.of(this.#settings);
    if (version !== this.#version) {
      this.#server.setSecureContext(options());
      this.#version = version;
    }
    const caller = callerOf(bare);
    this.#waiting.set(caller, { bare, begun });
    bare.once('close', () => this.#waiting.delete(caller));
    this.#server.emit('connection', bare);
  }

  #begun(socket: tls.TLSSocket): void {
    // Whoever has it is told by its end; unheard, an error would end the process.
    socket.on('error', () => {});
    // A caller that is gone again has no address any more, and nobody to serve.
    const waiting = this.#waiting.get(callerOf(socket));
    const alert = this.#refusal(socket);
    if (waiting !== undefined && alert === undefined) waiting.begun(socket);
    else {
      if (waiting !== undefined && alert !== undefined) this.#tell(waiting.bare, socket, alert);
      socket.destroy();
    }
    this.#secrets.delete(socket);
  }

  /** The alert for a caller whose certificate is not accepted; `undefined`: it is. */
  #refusal(socket: tls.TLSSocket): number | undefined {
    const { mode, subjectAltNames } = this.#settings;
    if (mode === 'SIMPLE') return undefined;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return mode === 'OPTIONAL_MUTUAL' ? undefined : ALERT.certificateRequired;
    if (!socket.authorized) return alertFor(String(socket.authorizationError));
    const isExpected = identityError(certificate.raw, { anyOf: subjectAltNames }) === undefined && isPinned(certificate, this.#settings);
    return isExpected ? undefined : ALERT.certificateUnknown;
  }

  #noteSecret(line: Buffer, socket: tls.TLSSocket): void {
    const [label, , secret = ''] = line.toString('latin1').trim().split(' ');
    if (label === 'SERVER_TRAFFIC_SECRET_0') this.#secrets.set(socket, Buffer.from(secret, 'hex'));
  }

  /** Before TLS 1.3 there is no such secret, and the connection is closed without a word. */
  #tell(bare: Socket, socket: tls.TLSSocket, alert: number): void {
    const secret = this.#secrets.get(socket);
    if (secret === undefined) return;
    // Node has sent nothing under it yet, not even session tickets.
    const record = firstAlert(alert, secret, socket.getCipher().standardName ?? '');
    if (record !== undefined) bare.write(record);
  }
}

/** Source: Envoy, which leaves it to BoringSSL's `ssl_verify_alarm_type`. */
function alertFor(error: string): number {
  if (error === 'CERT_HAS_EXPIRED' || error === 'CRL_HAS_EXPIRED') return ALERT.certificateExpired;
  if (error === 'CERT_REVOKED') return ALERT.certificateRevoked;
  return /ISSUER|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_CRL/.test(error) ? ALERT.unknownCa : ALERT.badCertificate;
}

function callerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
