import { connect, type TLSSocket } from 'node:tls';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { SUITE } from '../suite-paths.ts';
import { Backend } from './backend.ts';
import { CallBook } from './call-book.ts';

let backend: Backend;

afterEach(() => backend.close());

/** A handshake with a caller that trusts `ca` only and offers `protocols`. */
async function handshake(http2: boolean, protocols: string[], ca = 'ca', servername = 'a.example.com'): Promise<TLSSocket | NodeJS.ErrnoException> {
  backend = await Backend.start({ address: 'a:443', text: 'v1', book: new CallBook(), http2 });
  return new Promise((resolve) => {
    const trusted = readFileSync(join(SUITE.certs, `${ca}.pem`));
    const socket = connect({ port: backend.port, host: '127.0.0.1', servername, ca: trusted, ALPNProtocols: protocols }, () => resolve(socket));
    socket.on('error', resolve);
  });
}

describe('the TLS of a server', () => {
  it.each(['a.example.com', 'example.com'])('has a certificate for %s', async (name) => {
    expect(await handshake(false, ['http/1.1'], 'ca', name)).toMatchObject({ authorized: true });
  });

  it('has it from a CA of its own, and for no other name', async () => {
    expect(await handshake(false, [], 'other-ca')).toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    expect(await handshake(false, [], 'ca', 'a.example.org')).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it.each([
    [true, ['h2', 'http/1.1'], 'h2'],
    [true, ['http/1.1'], 'http/1.1'],
    [false, ['h2', 'http/1.1'], 'http/1.1'],
    [false, [], false],
  ])('with http2: %s and a caller of %j agrees on %s', async (http2, protocols, alpn) => {
    expect(await handshake(http2, protocols)).toMatchObject({ alpnProtocol: alpn });
  });
});
