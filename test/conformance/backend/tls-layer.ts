import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { SUITE } from '../suite-paths.ts';
import type { TlsFacts } from './arrival.ts';

/** How a server speaks TLS. */
export interface TlsManners {
  /** `required`: callers must show a certificate of the CA. `optional`: they may. Absent: they are not asked. */
  readonly clientCert?: 'required' | 'optional';
  /** It offers HTTP/2. */
  readonly http2?: boolean;
}

/** Takes over the connections that begin with a TLS handshake. */
export class TlsLayer {
  readonly #server: Server;

  /** @param then - gets what is inside, once the handshake is done; never called when it fails */
  constructor(manners: TlsManners, then: (inside: TLSSocket, facts: TlsFacts) => void) {
    this.#server = createServer(optionsOf(manners), (socket) => {
      socket.on('error', () => socket.destroy());
      const facts = factsOf(socket);
      // Node can't ask for a certificate, do without one, and still refuse a wrong one.
      if (facts.client !== undefined && !socket.authorized) socket.destroy();
      else then(socket, facts);
    });
  }

  /** Does the handshake on `socket`, of which nothing has been taken yet. */
  take(socket: Socket): void {
    this.#server.emit('connection', socket);
  }
}

function optionsOf({ clientCert, http2 }: TlsManners): TlsOptions {
  return {
    ...readKeys(),
    ALPNProtocols: http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    requestCert: clientCert !== undefined,
    rejectUnauthorized: clientCert === 'required',
  };
}

let keys: Pick<TlsOptions, 'ca' | 'cert' | 'key'> | undefined;

function readKeys(): Pick<TlsOptions, 'ca' | 'cert' | 'key'> {
  const read = (name: string): Buffer => readFileSync(join(SUITE.certs, name));
  keys ??= { ca: read('ca.pem'), cert: read('server.pem'), key: read('server.key') };
  return keys;
}

function factsOf(socket: TLSSocket): TlsFacts {
  // The type says there is always a subject; without a certificate there is none.
  const name = (socket.getPeerCertificate() as { subject?: { CN?: string } }).subject?.CN;
  const sni = (socket as TLSSocket & { servername?: string | false }).servername;
  return { sni: sni || null, alpn: socket.alpnProtocol || null, ...(name !== undefined && { client: name }) };
}
