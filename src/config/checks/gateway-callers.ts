import type { Cursor } from './cursor.ts';
import type { ServerTlsSpec } from './server-tls.ts';
import { warnUnobeyed } from './unobeyed.ts';

/** What callers' certificates have to be, beside signed. */
const FIELDS = ['caCertCredentialName', 'subjectAltNames', 'verifyCertificateSpki', 'verifyCertificateHash'] as const;

// Source: Envoy `DefaultCertValidator::initializeSslContexts`, which refuses others.
const KEY_HASH = /^[A-Za-z0-9+/]{43}=$/;
const CERTIFICATE_HASH = /^(?:[0-9a-f]{64}|[0-9a-f]{2}(?::[0-9a-f]{2}){31})$/i;

/** A field of a gateway's server that keeps callers out must not be there and let them in: what can't be obeyed is refused. */
export function checkGatewayCallers(tls: ServerTlsSpec, at: Cursor): void {
  const { mode = 'PASSTHROUGH', verifyCertificateSpki = [], verifyCertificateHash = [] } = tls;
  for (const field of FIELDS.filter((name) => (tls[name] ?? []).length > 0)) {
    const place = at.to(field);
    if (mode === 'SIMPLE') place.conflict('has no meaning with mode SIMPLE, which asks for no client certificate', 'use mode MUTUAL');
    else if (mode.endsWith('PASSTHROUGH')) place.warn('WARN_NO_EFFECT', `has no effect with mode ${mode}: no TLS ends here`);
    else if (mode === 'ISTIO_MUTUAL' && field === 'caCertCredentialName') place.conflict('must be left out with mode ISTIO_MUTUAL, which brings its own certificates');
  }
  tls.tlsCertificates?.forEach((certificate, index) => {
    warnUnobeyed(certificate, { caCertificates: 'callers are checked by the caCertificates beside the list' }, at.to('tlsCertificates', index));
  });
  verifyCertificateSpki.forEach((hash, index) => {
    if (!KEY_HASH.test(hash)) at.to('verifyCertificateSpki', index).invalid('must be the SHA-256 of a public key, in base64');
  });
  verifyCertificateHash.forEach((hash, index) => {
    if (!CERTIFICATE_HASH.test(hash)) at.to('verifyCertificateHash', index).invalid('must be the SHA-256 of a certificate: 64 hexadecimal digits, with or without colons');
  });
}
