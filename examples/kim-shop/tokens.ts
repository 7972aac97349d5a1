import { createHmac, timingSafeEqual } from 'node:crypto';

/** The claims of the walk-through's tokens that the shop reads. */
export interface Claims {
  readonly user_name: string;
  readonly userId: number;
}

/** A JSON Web Token (HS256) as the walk-through's curl commands carry it. Source: RFC 7519. */
export function signToken(claims: Claims, key: Buffer): string {
  const payload = { license: 'made by kim', scope: ['server'], authorities: ['ROLE_USER', 'ADMIN'], client_id: 'cloudrs', ...claims };
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

/** The claims of the token in an `Authorization` header, or `undefined` when there is none or its signature is wrong. */
export function readToken(authorization: string | undefined, key: Buffer): Claims | undefined {
  const [, header, payload, signature] = /^Bearer ([^.]+)\.([^.]+)\.([^.]+)$/.exec(authorization ?? '') ?? [];
  if (header === undefined || payload === undefined || signature === undefined) return undefined;
  const expected = createHmac('sha256', key).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
