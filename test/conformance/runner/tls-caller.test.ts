import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Backend, type BackendOptions } from '../backend/backend.ts';
import { CallBook } from '../backend/call-book.ts';
import { callTls, type TlsOutcome } from './tls-caller.ts';

let book: CallBook;
const started: Backend[] = [];

beforeEach(() => {
  book = new CallBook();
});

afterEach(() => Promise.all(started.splice(0).map((backend) => backend.close())));

/** What a caller with `cert` sees of a server with these manners, and what that server sees of it. */
async function call(manners: Partial<BackendOptions>, cert?: string, outer = false): Promise<TlsOutcome & { tls?: unknown }> {
  const backend = await Backend.start({ address: 'a:443', text: 'v1', book, ...manners });
  started.push(backend);
  const to = { host: '127.0.0.1', port: backend.port };
  const open = (): ReturnType<typeof connect> => (outer ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to));
  const outcome = await callTls(async () => open(), { host: 'a.example.com', port: 443, sni: 'a.example.com', path: '/x', cert }, '1');
  const [arrival] = book.record('1').attempts;
  return arrival === undefined ? outcome : { ...outcome, tls: arrival.tls };
}

const SEEN = { sni: 'a.example.com', alpn: null };

describe('callTls', () => {
  it('asks over TLS', async () => {
    expect(await call({})).toEqual({ status: 200, tls: SEEN });
    expect(book.record('1').attempts).toMatchObject([{ to: 'a:443', method: 'GET', path: '/x' }]);
  });

  it('presents a certificate where it is asked for one', async () => {
    expect(await call({ clientCert: 'required' }, 'client')).toEqual({ status: 200, tls: { ...SEEN, client: 'oracle-client' } });
  });

  it('presents none where nobody asks', async () => {
    expect(await call({}, 'client')).toEqual({ status: 200, tls: SEEN });
  });

  it.each([
    ['required', undefined, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'],
    ['required', 'rogue', 'closed'],
    ['optional', 'rogue', 'closed'],
  ] as const)('is refused by a server that has certificates %s, with %s', async (clientCert, cert, error) => {
    expect(await call({ clientCert }, cert)).toEqual({ status: 0, error });
  });

  it('goes without a certificate where that is allowed', async () => {
    expect(await call({ clientCert: 'optional' })).toEqual({ status: 200, tls: SEEN });
  });

  it.each([
    ['a server of plain HTTP', { plainHttp: true }, false],
    ['TLS inside TLS', {}, true],
  ])('breaks at %s', async (_what, manners, outer) => {
    expect(await call(manners, undefined, outer)).toEqual({ status: 0, error: 'ERR_SSL_WRONG_VERSION_NUMBER' });
  });

  it('says closed when there is no connection', async () => {
    expect(await callTls(async () => undefined, { host: 'a', port: 443, sni: '', path: '/' }, '1')).toEqual({ status: 0, error: 'closed' });
  });
});
