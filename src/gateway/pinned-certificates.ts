import { createHash, type X509Certificate } from 'node:crypto';
import type { GatewayTls } from '../config/gateways/gateway-model.ts';

/**
 * Whether `certificate` is one of those that a server takes: by its own hash or by that of its key, either is enough. Every one is where none are named.
 *
 * Source: Envoy `DefaultCertValidator::verifyCertificate`.
 */
export function isPinned(certificate: X509Certificate, { certificateHashes, keyHashes }: Pick<GatewayTls, 'certificateHashes' | 'keyHashes'>): boolean {
  if (certificateHashes.length + keyHashes.length === 0) return true;
  return certificateHashes.includes(certificate.fingerprint256.replaceAll(':', '').toLowerCase()) || (keyHashes.length > 0 && keyHashes.includes(keyHashOf(certificate) ?? ''));
}

/** `undefined`: of a kind of key that Node can't write down. */
function keyHashOf(certificate: X509Certificate): string | undefined {
  try {
    return createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  } catch {
    return undefined;
  }
}
