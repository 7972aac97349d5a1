import { TlsFileError } from './tls-files.ts';

/** What BoringSSL calls some failures that OpenSSL has other names for: code, name, and what Envoy adds. */
const FAILURES: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: '268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: '268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER',
  ERR_SSL_SSL_ALERT_HANDSHAKE_FAILURE: '268436496:SSL routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: '268436504:SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: '268436526:SSL routines:OPENSSL_internal:TLSV1_ALERT_PROTOCOL_VERSION',
};

/** Of certificates that were not signed by whom they should: how deep in the chain, and why. The depth is that of the usual chain. */
const VERIFICATION: Readonly<Record<string, readonly [depth: number, text: string]>> = {
  SELF_SIGNED_CERT_IN_CHAIN: [1, 'self signed certificate in certificate chain'],
  DEPTH_ZERO_SELF_SIGNED_CERT: [0, 'self signed certificate'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [0, 'unable to get local issuer certificate'],
  // Where nothing of the chain is known, OpenSSL goes on to say that it could not check the first certificate.
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [0, 'unable to get local issuer certificate'],
  UNABLE_TO_GET_ISSUER_CERT: [1, 'unable to get issuer certificate'],
  CERT_HAS_EXPIRED: [0, 'certificate has expired'],
  CERT_NOT_YET_VALID: [0, 'certificate is not yet valid'],
  CERT_REVOKED: [0, 'certificate revoked'],
  UNABLE_TO_GET_CRL: [0, 'unable to get certificate CRL'],
  CRL_HAS_EXPIRED: [0, 'CRL has expired'],
  CERT_SIGNATURE_FAILURE: [0, 'certificate signature failure'],
  INVALID_CA: [1, 'invalid CA certificate'],
  INVALID_PURPOSE: [0, 'unsupported certificate purpose'],
};

const VERIFY_FAILED = '268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED';

/** A handshake that failed, told as Envoy tells it in response code details. Source: Envoy `SslSocket::drainErrorQueue`. */
export class TlsFailure extends Error {
  constructor(cause: NodeJS.ErrnoException) {
    super(`TLS_error:|${textOf(cause)}:TLS_error_end`, { cause });
  }
}

function textOf(error: NodeJS.ErrnoException): string {
  const { code = '', message } = error;
  const verification = VERIFICATION[code];
  if (verification !== undefined) {
    const [depth, text] = verification;
    return `${VERIFY_FAILED}:verify cert failed: X509_verify_cert: certificate verification error at depth ${String(depth)}: ${text}`;
  }
  if (message.startsWith('verify cert failed')) return `${VERIFY_FAILED}:${message}`;
  if (error instanceof TlsFileError) return `Secret is not supplied by SDS: ${message}`;
  return FAILURES[code] ?? message;
}
