import { createCipheriv, createHmac, type CipherGCMTypes } from 'node:crypto';

/** Alerts about a certificate that was shown, or was not. Source: RFC 8446 §6. */
export const ALERT = { badCertificate: 42, certificateRevoked: 44, certificateExpired: 45, certificateUnknown: 46, unknownCa: 48, certificateRequired: 116 } as const;

interface Suite {
  readonly cipher: CipherGCMTypes | 'chacha20-poly1305';
  readonly hash: 'sha256' | 'sha384';
  readonly keyBytes: number;
}

const SUITES: Readonly<Record<string, Suite>> = {
  TLS_AES_256_GCM_SHA384: { cipher: 'aes-256-gcm', hash: 'sha384', keyBytes: 32 },
  TLS_AES_128_GCM_SHA256: { cipher: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 },
  TLS_CHACHA20_POLY1305_SHA256: { cipher: 'chacha20-poly1305', hash: 'sha256', keyBytes: 32 },
};

const FATAL = 2;
const RECORD_OF_ALERT = 21;
const RECORD_OF_DATA = 23;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The record of a fatal alert in TLS 1.3 that is the first after the handshake; `undefined` for suites that TLS 1.3 has not. Node
 * completes every handshake and judges the certificate afterwards, when it can do no more than close: the caller would never learn why.
 *
 * @param secret - the server's first traffic secret, as the `keylog` event of `node:tls` tells it
 *
 * Source: RFC 8446 §5.2, §7.3.
 */
export function firstAlert(description: number, secret: Buffer, suite: string): Buffer | undefined {
  const found = SUITES[suite];
  if (found === undefined) return undefined;
  const { cipher: name, hash, keyBytes } = found;
  const key = expandLabel(hash, secret, 'key', keyBytes);
  // Of the first record it is the vector itself.
  const nonce = expandLabel(hash, secret, 'iv', IV_BYTES);
  const content = Buffer.from([FATAL, description, RECORD_OF_ALERT]);
  const header = Buffer.from([RECORD_OF_DATA, 3, 3, 0, content.length + TAG_BYTES]);
  const cipher = createCipheriv(name as CipherGCMTypes, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(header, { plaintextLength: content.length });
  return Buffer.concat([header, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** `HKDF-Expand-Label` with an empty context; one block is enough for every length here. */
function expandLabel(hash: string, secret: Buffer, label: string, bytes: number): Buffer {
  const full = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, bytes, full.length]), full, Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, bytes);
}
