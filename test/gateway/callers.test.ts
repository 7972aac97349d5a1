import { createHash, X509Certificate } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { bound, edge, gatewayWorld, pem, type GatewayWorld } from './gateway-world.ts';

const { start, defer } = gatewayWorld();

/** `ca` signed `kept` and `revoked`; by `crl.pem` the latter was taken back, by `none-revoked.pem` nobody; `other-crl.pem` is of another authority. The keys of both were thrown away. */
const revocation = (name: string): string => join(import.meta.dirname, 'data/revocation', name);

const FILES = `serverCertificate: ${pem('server.pem')}, privateKey: ${pem('server.key')}`;
const ANY = bound('any', 'hosts: ["*"], http: [{directResponse: {status: 200}}]');
const gatewayWith = (tls: string): string => edge(`{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {${tls}}}`) + ANY;

/** The status of an answer, or how the connection failed. */
function ask({ gateway }: GatewayWorld, caller?: string): Promise<string> {
  return new Promise((resolve) => {
    const shown = caller === undefined ? {} : { cert: readFileSync(`${caller}.pem`), key: readFileSync(`${caller}.key`) };
    const socket: TLSSocket = connect({ port: gateway.portOf(443)!, host: '127.0.0.1', servername: 'a.example.com', rejectUnauthorized: false, ...shown });
    let seen = '';
    socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve((error.code ?? error.message).replace(/^ERR_SSL_.*_ALERT_/, '')));
    socket.on('close', () => resolve(seen.split(' ')[1] ?? 'closed'));
    socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n'));
  });
}

const CLIENT = pem('client');
const certificate = new X509Certificate(readFileSync(`${CLIENT}.pem`));
const HASH = createHash('sha256').update(certificate.raw).digest('hex');
const SPKI = createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
const OTHER_HASH = 'ab'.repeat(32);
const OTHER_SPKI = Buffer.alloc(32, 7).toString('base64');

describe('certificates that a gateway takes by their hashes', () => {
  it.each([
    [`verifyCertificateHash: [${HASH}]`, '200'],
    [`verifyCertificateHash: ["${HASH.toUpperCase().match(/../g)!.join(':')}"]`, '200'],
    [`verifyCertificateHash: [${OTHER_HASH}, ${HASH}]`, '200'],
    [`verifyCertificateHash: [${OTHER_HASH}]`, 'CERTIFICATE_UNKNOWN'],
    [`verifyCertificateSpki: ["${SPKI}"]`, '200'],
    [`verifyCertificateSpki: ["${OTHER_SPKI}"]`, 'CERTIFICATE_UNKNOWN'],
    // Either is enough, and does not make up for a name.
    [`verifyCertificateSpki: ["${OTHER_SPKI}"], verifyCertificateHash: [${HASH}]`, '200'],
    [`verifyCertificateSpki: ["${SPKI}"], verifyCertificateHash: [${OTHER_HASH}]`, '200'],
    [`verifyCertificateSpki: ["${OTHER_SPKI}"], verifyCertificateHash: [${OTHER_HASH}]`, 'CERTIFICATE_UNKNOWN'],
    [`verifyCertificateHash: [${HASH}], subjectAltNames: [nobody.example.com]`, 'CERTIFICATE_UNKNOWN'],
  ])('{%s}: %s', async (pins, expected) => {
    const world = await start(gatewayWith(`mode: MUTUAL, ${FILES}, caCertificates: ${pem('ca.pem')}, ${pins}`));

    expect(await ask(world, CLIENT)).toBe(expected);
    expect(world.calls).toHaveLength(expected === '200' ? 1 : 0);
  });

  it('does not take those that nobody signed, and asks for none where it may be absent', async () => {
    const rogue = new X509Certificate(readFileSync(pem('rogue.pem'))).fingerprint256;
    const world = await start(gatewayWith(`mode: OPTIONAL_MUTUAL, ${FILES}, caCertificates: ${pem('ca.pem')}, verifyCertificateHash: ["${rogue}"]`));

    expect(await ask(world, pem('rogue'))).toBe('UNKNOWN_CA');
    expect(await ask(world, CLIENT)).toBe('CERTIFICATE_UNKNOWN');
    expect(await ask(world)).toBe('200');
  });

  it('counts with the certificates of a mesh', async () => {
    const certificates = { certificateChain: pem('server.pem'), privateKey: pem('server.key'), rootCertificates: pem('ca.pem') };
    const world = await start(gatewayWith(`mode: ISTIO_MUTUAL, verifyCertificateHash: [${OTHER_HASH}]`), { certificates });

    expect(await ask(world, CLIENT)).toBe('CERTIFICATE_UNKNOWN');
  });
});

describe('certificates that were taken back', () => {
  it.each([
    ['none-revoked.pem', '200', '200'],
    ['crl.pem', '200', 'CERTIFICATE_REVOKED'],
  ])('by %s: %s, %s', async (list, kept, revoked) => {
    const world = await start(gatewayWith(`mode: MUTUAL, ${FILES}, caCertificates: ${revocation('ca.pem')}, caCrl: ${revocation(list)}`));

    expect(await ask(world, revocation('kept'))).toBe(kept);
    expect(await ask(world, revocation('revoked'))).toBe(revoked);
  });

  it('are not taken from the next connection on, when the list is renewed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ts-mesh-gateway-'));
    defer(async () => rmSync(folder, { recursive: true }));
    const list = join(folder, 'crl.pem');
    copyFileSync(revocation('none-revoked.pem'), list);
    utimesSync(list, new Date(1e12), new Date(1e12));
    const world = await start(gatewayWith(`mode: MUTUAL, ${FILES}, caCertificates: ${revocation('ca.pem')}, caCrl: ${list}`));

    expect(await ask(world, revocation('revoked'))).toBe('200');
    copyFileSync(revocation('crl.pem'), list);
    expect(await ask(world, revocation('revoked'))).toBe('CERTIFICATE_REVOKED');
  });

  it('an authority without a list vouches for nobody, and all lists of a file count', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ts-mesh-gateway-'));
    defer(async () => rmSync(folder, { recursive: true }));
    const both = join(folder, 'authorities.pem');
    writeFileSync(both, readFileSync(revocation('ca.pem'), 'utf8') + readFileSync(pem('ca.pem'), 'utf8'));
    const twice = join(folder, 'lists.pem');
    writeFileSync(twice, `of two authorities\n${readFileSync(revocation('other-crl.pem'), 'utf8')}\n${readFileSync(revocation('crl.pem'), 'utf8')}`);
    const world = await start(gatewayWith(`mode: MUTUAL, ${FILES}, caCertificates: ${both}, caCrl: ${twice}`));

    expect(await ask(world, CLIENT)).toBe('UNKNOWN_CA');
    expect(await ask(world, revocation('kept'))).toBe('200');
    expect(await ask(world, revocation('revoked'))).toBe('CERTIFICATE_REVOKED');
  });

  it.each([
    ['is not there', '/nowhere/crl.pem', "/nowhere/crl.pem can't be read"],
    ['has none', pem('ca.pem'), 'ca.pem has no certificate revocation list'],
  ])('let nobody in while the list %s', async (_how, list, problem) => {
    const world = await start(gatewayWith(`mode: OPTIONAL_MUTUAL, ${FILES}, caCertificates: ${revocation('ca.pem')}, caCrl: ${list}`));

    expect(await ask(world, revocation('kept'))).toMatch(/closed|ECONNRESET/);
    expect(await ask(world)).toMatch(/closed|ECONNRESET/);
    expect(world.problems).toEqual([expect.stringContaining(problem)]);
  });
});

describe('authorities of callers by name', () => {
  const own = { certificate: pem('server.pem'), privateKey: pem('server.key') };
  const credentials = {
    own: { ...own, caCertificates: pem('ca.pem') },
    other: { ...own, caCertificates: pem('other-ca.pem') },
    bare: own,
    ca: { caCertificates: pem('other-ca.pem') },
    revoking: { caCertificates: revocation('ca.pem'), crl: readFileSync(revocation('crl.pem'), 'utf8') },
  };

  it.each([
    ['credentialName: own', '200', 'UNKNOWN_CA'],
    ['credentialName: own, caCertCredentialName: ca', 'UNKNOWN_CA', '200'],
    ['credentialName: bare, caCertCredentialName: ca', 'UNKNOWN_CA', '200'],
    // Of several credentials those of the first count.
    ['credentialNames: [own, other]', '200', 'UNKNOWN_CA'],
  ])('{%s}: %s for one, %s for the other', async (names, client, rogue) => {
    const world = await start(gatewayWith(`mode: MUTUAL, ${names}`), { credentials });

    expect(await ask(world, CLIENT)).toBe(client);
    expect(await ask(world, pem('rogue'))).toBe(rogue);
  });

  it('come with a list of what was taken back', async () => {
    const world = await start(gatewayWith('mode: MUTUAL, credentialName: bare, caCertCredentialName: revoking'), { credentials });

    expect(await ask(world, revocation('kept'))).toBe('200');
    expect(await ask(world, revocation('revoked'))).toBe('CERTIFICATE_REVOKED');
  });

  it.each([
    ['credentialName: own, caCertCredentialName: nobody', "caCertCredentialName nobody is not among the gateway's credentials"],
    ['credentialName: own, caCertCredentialName: bare', 'mode OPTIONAL_MUTUAL needs caCertificates, and credential bare has none'],
    ['credentialName: bare', 'mode OPTIONAL_MUTUAL needs caCertificates, and credential bare has none'],
    ['credentialName: ca', "credentialName ca has no certificate among the gateway's credentials"],
  ])('{%s} lets nobody in', async (names, problem) => {
    const world = await start(gatewayWith(`mode: OPTIONAL_MUTUAL, ${names}`), { credentials });

    expect(await ask(world, CLIENT)).toMatch(/closed|ECONNRESET/);
    expect(await ask(world)).toMatch(/closed|ECONNRESET/);
    expect(world.problems).toEqual([expect.stringContaining(problem)]);
  });
});
