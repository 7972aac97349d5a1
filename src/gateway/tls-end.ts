import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import type { GatewayTls } from '../config/gateways/gateway-model.ts';
import { identityError } from '../engine/server-identity.ts';
import type { ServerContexts } from './server-contexts.ts';

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
  readonly #waiting = new Map<string, (socket: tls.TLSSocket) => void>();
  #version: string | undefined;

  constructor(settings: GatewayTls, { contexts, handshakeMs, isHttp }: TlsEndOptions) {
    this.#settings = settings;
    this.#contexts = contexts;
    const { mode } = settings;
    this.#server = tls.createServer({
      requestCert: mode !== 'SIMPLE',
      // Of those that may have none, whoever shows one is judged when it is shown.
      rejectUnauthorized: mode === 'MUTUAL' || mode === 'ISTIO_MUTUAL',
      handshakeTimeout: handshakeMs,
      ...(isHttp && { ALPNProtocols: ['http/1.1'] }),
    });
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
      this.#server.setSecureContext(options);
      this.#version = version;
    }
    const caller = callerOf(bare);
    this.#waiting.set(caller, begun);
    bare.once('close', () => this.#waiting.delete(caller));
    this.#server.emit('connection', bare);
  }

  #begun(socket: tls.TLSSocket): void {
    // Whoever has it is told by its end; unheard, an error would end the process.
    socket.on('error', () => {});
    // A caller that is gone again has no address any more, and nobody to serve.
    const begun = this.#waiting.get(callerOf(socket));
    if (begun === undefined || !this.#accepts(socket)) socket.destroy();
    else begun(socket);
  }

  #accepts(socket: tls.TLSSocket): boolean {
    const { mode, subjectAltNames } = this.#settings;
    if (mode === 'SIMPLE') return true;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return mode === 'OPTIONAL_MUTUAL';
    return socket.authorized && identityError(certificate.raw, { anyOf: subjectAltNames }) === undefined;
  }
}

function callerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
