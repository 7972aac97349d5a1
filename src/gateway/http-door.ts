import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { getHeader } from '../common/headers.ts';
import type { Downstream } from '../engine/downstream.ts';
import { requestBody } from '../engine/request-body.ts';
import { downstreamHeaders } from '../engine/request-headers.ts';
import { HttpServer } from '../serve/http-server.ts';
import type { ServedRequest } from '../serve/served-request.ts';
import { forwardedClientCert, type ShownCertificate } from './client-certificate.ts';
import { edgeRequest, withPort } from './edge-headers.ts';
import type { GatewayContext } from './gateway-context.ts';
import { LimitedBody } from './limited-body.ts';

/** A connection that HTTP is spoken on. */
export interface HttpConnection {
  readonly downstream: Downstream;
  /** The caller's IP address. */
  readonly address: string;
  /** `https` where TLS ended here. */
  readonly scheme: 'http' | 'https';
  /** The server's port, by which rules match. */
  readonly port: number;
  /** The route configuration that its requests go by. */
  readonly routes: string;
  /** The certificate that the caller has shown. */
  readonly certificate?: ShownCertificate | undefined;
}

/** Sends callers' requests through the gateway's engine. */
export class HttpDoor {
  readonly #context: GatewayContext;
  readonly #server: HttpServer<HttpConnection>;

  constructor(context: GatewayContext) {
    this.#context = context;
    this.#server = new HttpServer({ limits: context.limits, serve: (request, answer) => this.#serve(request, answer) });
  }

  take(socket: Duplex, connection: HttpConnection): void {
    this.#server.take(socket, connection);
  }

  /** No further request begins; connections end with the one that is under way. */
  drain(): void {
    this.#server.drain();
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    return this.#server.idle();
  }

  close(): void {
    this.#server.close();
  }

  #serve({ connection, method, authority, path, headers: given, body, http2, upgrade }: ServedRequest<HttpConnection>, answer: Dispatcher.DispatchHandler): void {
    const { engine, maxReplayBytes, limits: { bodyBytes } } = this.#context;
    const { downstream, address, scheme, port, routes, certificate } = connection;
    const { headers } = downstreamHeaders(given);
    const { proxyHeaders, clientCertificates, trustedProxies } = engine.snapshot.settings;
    const caller = { address, gatewayAddress: engine.options.workloadAddress, requestId: proxyHeaders.requestId, trustedProxies };
    const { headers: edge, clientAddress } = edgeRequest(headers, caller);
    const shown = forwardedClientCert(given, certificate, clientCertificates);
    if (shown !== undefined) edge.push('x-forwarded-client-cert', shown);
    // What has a length was looked at, and sends no more than that.
    const limited = bodyBytes > 0 && body !== null && getHeader(given, 'content-length') === undefined ? new LimitedBody(body, bodyBytes, answer) : undefined;
    const request = {
      head: { method, scheme, authority, path, port, headers: edge },
      body: requestBody(limited ?? body, maxReplayBytes),
      dialled: { scheme, authority, hostname: routes, port },
      originalDst: null,
      sourceAddress: clientAddress,
      downstream: clientAddress === address ? downstream : { ...downstream, remoteAddress: withPort(clientAddress, 0), directAddress: downstream.remoteAddress },
      http2,
      askedPath: path,
      askedHeaders: ['host', authority, ...headers],
    };
    if (upgrade === undefined) engine.dispatch(request, limited ?? answer);
    else engine.dispatchUpgrade({ ...request, upgrade }, answer);
  }
}
