import type { Cursor } from './cursor.ts';

/** TLS settings of a Gateway's server, or of a Sidecar's ingress. Source: istio/api `ServerTLSSettings`. */
export interface ServerTlsSpec {
  readonly httpsRedirect?: boolean;
  readonly mode?: string;
  readonly serverCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
  readonly caCrl?: string;
  readonly credentialName?: string;
  readonly credentialNames?: readonly string[];
  readonly tlsCertificates?: readonly { readonly serverCertificate?: string; readonly privateKey?: string }[];
  readonly caCertCredentialName?: string;
  readonly subjectAltNames?: readonly string[];
  /** SHA-256 of keys (SubjectPublicKeyInfo), in base64. */
  readonly verifyCertificateSpki?: readonly string[];
  /** SHA-256 of certificates, hexadecimal, with or without colons. */
  readonly verifyCertificateHash?: readonly string[];
  readonly minProtocolVersion?: string;
  readonly maxProtocolVersion?: string;
  readonly cipherSuites?: readonly string[];
}

const CREDENTIALS = [
  'serverCertificate',
  'privateKey',
  'caCertificates',
  'tlsCertificates',
  'credentialName',
  'credentialNames',
] as const;

// Envoy's (BoringSSL's) names. Source: istio `security.ValidCipherSuites`.
const CIPHERS = new Set([
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-PSK-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-PSK-AES128-CBC-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-PSK-AES256-CBC-SHA',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'AES128-SHA256',
  'PSK-AES128-CBC-SHA',
  'PSK-AES256-CBC-SHA',
  'DES-CBC3-SHA',
]);

/** Source: istio `validateTLSOptions`. */
export function checkServerTls(tls: ServerTlsSpec, at: Cursor): void {
  const { mode = 'PASSTHROUGH', cipherSuites = [] } = tls;
  if (['TLSV1_0', 'TLSV1_1'].includes(tls.minProtocolVersion ?? '') && cipherSuites.length === 0) {
    at.to('minProtocolVersion').warn(
      'WARN_NO_EFFECT',
      'is below TLSV1_2, for which no cipher suite is on by default',
      'list cipherSuites',
    );
  }
  checkCiphers(cipherSuites, at.to('cipherSuites'));
  const given = CREDENTIALS.filter((field) => isSet(tls[field]));
  if (mode === 'ISTIO_MUTUAL') {
    for (const field of given) {
      at.to(field).conflict('must be left out with mode ISTIO_MUTUAL, which brings its own certificates');
    }
    return;
  }
  if (mode.endsWith('PASSTHROUGH') && (given.length > 0 || isSet(tls.caCrl))) {
    at.warn('WARN_NO_EFFECT', `has certificates, which mode ${mode} does not use`);
  }
  const sources = [
    isSet(tls.serverCertificate) && isSet(tls.privateKey),
    isSet(tls.credentialName),
    isSet(tls.credentialNames),
    isSet(tls.tlsCertificates),
  ];
  if (sources.filter(Boolean).length > 1) {
    at.conflict(
      'must have one of credentialName, credentialNames, tlsCertificates, and serverCertificate with privateKey',
    );
  }
  if (['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL'].includes(mode)) {
    if (isSet(tls.credentialName) || isSet(tls.credentialNames)) return;
    checkCertificates(tls, at, mode);
  }
  if (!isSet(tls.caCrl)) return;
  if (isSet(tls.credentialName)) {
    at.to('caCrl').conflict('must not be there together with credentialName', 'put the list into the credential');
  }
  if (mode === 'SIMPLE') {
    at.to('caCrl').conflict('has no meaning with mode SIMPLE, which asks for no client certificate');
  }
}

function checkCertificates(tls: ServerTlsSpec, at: Cursor, mode: string): void {
  if (mode !== 'SIMPLE' && !isSet(tls.caCertificates)) {
    at.required(`needs caCertificates to check clients for mode ${mode}`);
  }
  const { tlsCertificates = [] } = tls;
  if (tlsCertificates.length > 2) {
    at.to('tlsCertificates').warn('WARN_NO_EFFECT', 'has more than two entries; two are used');
  }
  const certificates = tlsCertificates.length > 0 ? tlsCertificates : [tls];
  certificates.forEach(({ serverCertificate, privateKey }, index) => {
    const place = tlsCertificates.length > 0 ? at.to('tlsCertificates', index) : at;
    if (!isSet(serverCertificate)) {
      place.required(`needs a serverCertificate for mode ${mode}`, 'or name a credentialName');
    }
    if (!isSet(privateKey)) place.required(`needs a privateKey for mode ${mode}`, 'or name a credentialName');
  });
}

function checkCiphers(ciphers: readonly string[], at: Cursor): void {
  const unknown = [...new Set(ciphers.filter((cipher) => !CIPHERS.has(cipher)))];
  const repeated = [
    ...new Set(ciphers.filter((cipher, index) => CIPHERS.has(cipher) && ciphers.indexOf(cipher) !== index)),
  ];
  if (unknown.length > 0) {
    at.warn('WARN_NO_EFFECT', `has unknown cipher suites, which are ignored: ${unknown.join(', ')}`);
  }
  if (repeated.length > 0) at.warn('WARN_NO_EFFECT', `has cipher suites twice: ${repeated.join(', ')}`);
}

function isSet(value: string | readonly unknown[] | undefined): boolean {
  return value !== undefined && value.length > 0;
}
