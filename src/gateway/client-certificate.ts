import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { HeaderList } from '../common/headers.ts';
import type { ClientCertificateHeader } from '../config/snapshot.ts';
import { alternativeNames } from '../engine/server-identity.ts';

const HEADER = 'x-forwarded-client-cert';

/** A certificate that a caller has shown, and that was accepted. */
export interface ShownCertificate {
  readonly caller: X509Certificate;
  /** What the gateway has shown. */
  readonly own: X509Certificate | undefined;
}

/** `undefined`: the caller has shown none. */
export function shownOn(socket: TLSSocket): ShownCertificate | undefined {
  const caller = socket.getPeerX509Certificate();
  return caller && { caller, own: socket.getX509Certificate() };
}

/**
 * The value of `x-forwarded-client-cert` for endpoints; `undefined`: they get none.
 *
 * @param given - the headers of the request as they came, names in lower case
 *
 * Source: Envoy `ConnectionManagerUtility::mutateXfccRequestHeader`.
 */
export function forwardedClientCert(given: HeaderList, shown: ShownCertificate | undefined, settings: ClientCertificateHeader): string | undefined {
  const { forward } = settings;
  if (forward === 'ALWAYS_FORWARD_ONLY') return said(given);
  if (forward === 'SANITIZE' || shown === undefined) return undefined;
  if (forward === 'FORWARD_ONLY') return said(given);
  const own = describe(shown, settings);
  const before = forward === 'APPEND_FORWARD' ? said(given) : undefined;
  return before === undefined ? own : `${before},${own}`;
}

/** What the caller says itself. */
function said(given: HeaderList): string | undefined {
  const values: string[] = [];
  for (let i = 0; i < given.length; i += 2) if (given[i] === HEADER && given[i + 1] !== '') values.push(given[i + 1]!);
  return values.length === 0 ? undefined : values.join(',');
}

/** All requests of a connection say the same. */
const described = new WeakMap<ShownCertificate, { readonly settings: ClientCertificateHeader; readonly text: string }>();

function describe(shown: ShownCertificate, settings: ClientCertificateHeader): string {
  const known = described.get(shown);
  if (known?.settings === settings) return known.text;
  const text = elementOf(shown, settings);
  described.set(shown, { settings, text });
  return text;
}

function elementOf({ caller, own }: ShownCertificate, { cert, chain, subject, uri, dns }: ClientCertificateHeader): string {
  const parts = own === undefined ? [] : namesOf(own, 'URI').map((name) => `By=${name}`);
  parts.push(`Hash=${caller.fingerprint256.replaceAll(':', '').toLowerCase()}`);
  if (cert) parts.push(`Cert="${urlEncoded(caller.toString())}"`);
  if (chain) parts.push(`Chain="${urlEncoded(chainOf(caller))}"`);
  if (subject) parts.push(`Subject="${distinguishedName(caller)}"`);
  if (uri) parts.push(...orEmpty(namesOf(caller, 'URI')).map((name) => `URI=${name}`));
  if (dns) parts.push(...namesOf(caller, 'DNS').map((name) => `DNS=${name}`));
  return parts.join(';');
}

/** The key is there even without a name. */
function orEmpty(names: readonly string[]): readonly string[] {
  return names.length === 0 ? [''] : names;
}

function namesOf(certificate: X509Certificate, kind: string): string[] {
  return alternativeNames(certificate).flatMap((one) => (one.kind === kind ? safe(one.value) : []));
}

/**
 * In quotes where it would begin another part otherwise, which Envoy leaves to whoever signs certificates. What no header may carry, and what
 * readers could take for the end of the quotes, is percent-encoded.
 */
function safe(name: string): string {
  const encoded = name.replace(/[^\x20-\x7e]|["\\]/gu, (character) => [...Buffer.from(character)].map((byte) => `%${hex(byte)}`).join(''));
  return /[,;= ]/.test(encoded) ? `"${encoded}"` : encoded;
}

/**
 * As RFC 2253 writes it, the most specific part first. OpenSSL has escaped each line of Node's form already; quotes and backslashes are spelled by
 * their numbers, so that no reader takes them for the end.
 */
function distinguishedName({ subject }: X509Certificate): string {
  const lines = ((subject as string | undefined) ?? '').split('\n').reverse();
  const plain = lines.join(',').replace(/\\(["\\])/g, (_, character: string) => `\\${hex(character.charCodeAt(0))}`);
  return plain.replace(/[^\x20-\x7e]|"/gu, (character) => [...Buffer.from(character)].map((byte) => `\\${hex(byte)}`).join(''));
}

function chainOf(certificate: X509Certificate): string {
  const texts: string[] = [];
  const seen = new Set<string>();
  for (let one: X509Certificate | undefined = certificate; one !== undefined && !seen.has(one.fingerprint256); one = one.issuerCertificate) {
    seen.add(one.fingerprint256);
    texts.push(one.toString());
  }
  return texts.join('');
}

function urlEncoded(pem: string): string {
  return pem.replace(/[\n +/=]/g, (character) => `%${hex(character.charCodeAt(0))}`);
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
