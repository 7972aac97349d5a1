import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** Whom a server's certificate must be made out to. */
export interface ExpectedIdentity {
  /** It must be made out to this name or IP address; absent: to whomever. */
  readonly name?: string | undefined;
  /** It must have one of these names; absent or empty: no matter which. */
  readonly anyOf?: readonly string[] | undefined;
}

/** `undefined`, or what is wrong, in Envoy's words. Source: Envoy `DefaultCertValidator::verifyCertificate`. */
export function identityError(raw: Buffer, { name, anyOf = [] }: ExpectedIdentity): Error | undefined {
  const certificate = new X509Certificate(raw);
  const isNamed = name === undefined || covers(certificate, name);
  if (isNamed && (anyOf.length === 0 || anyOf.some((one) => covers(certificate, one)))) return undefined;
  return new Error(`verify cert failed: SAN matcher, certificate SANs are [${alternativeNames(certificate).map(({ value }) => value).join(', ')}]`);
}

/** Whether one of its alternative names is `wanted`, or a wildcard that takes it. The subject's common name does not count. */
function covers(certificate: X509Certificate, wanted: string): boolean {
  if (isIP(wanted) !== 0) return certificate.checkIP(wanted) !== undefined;
  if (certificate.checkHost(wanted, { subject: 'never', partialWildcards: false }) !== undefined) return true;
  return alternativeNames(certificate).some(({ kind, value }) => kind === 'URI' && value === wanted);
}

/** As `DNS:a.example.com, URI:"spiffe://…"`: Node quotes names with characters that would make the list ambiguous. */
const NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

/** What a certificate is made out to beside its subject, in order. `kind` as OpenSSL spells it: `DNS`, `URI`, `IP Address`. */
export function alternativeNames({ subjectAltName = '' }: Pick<X509Certificate, 'subjectAltName'>): { readonly kind: string; readonly value: string }[] {
  return [...subjectAltName.matchAll(NAME)].map(([, kind = '', value = '']) => ({
    kind,
    value: value.startsWith('"') ? (JSON.parse(value) as string) : value,
  }));
}
