import { describe, expect, it } from 'vitest';
import { CorsPolicy } from '../../src/route/cors.ts';
import type { CorsOptions, StringMatch } from '../../src/route/model.ts';
import type { ResponseHeaders } from '../../src/route/variables.ts';
import { head, lines } from './support.ts';

const SHOP: CorsOptions = {
  allowOrigins: [{ exact: 'http://shop.example' }],
  allowMethods: ['GET', 'PUT'],
  allowHeaders: ['x-token', 'content-type'],
  exposeHeaders: ['x-total', 'x-page'],
  maxAgeSeconds: 86_400,
  allowCredentials: true,
};

function decide(options: CorsOptions, method: string, headers: Record<string, string>): ReturnType<CorsPolicy['decide']> {
  return new CorsPolicy(options).decide(head({ method, headers: lines(headers) }));
}

describe('CorsPolicy.decide', () => {
  const preflight = { origin: 'http://shop.example', 'access-control-request-method': 'PUT' };

  it('answers a preflight of an allowed origin, whatever method it asks for', () => {
    const headers = {
      'access-control-allow-origin': 'http://shop.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET,PUT',
      'access-control-allow-headers': 'x-token,content-type',
      'access-control-expose-headers': 'x-total,x-page',
      'access-control-max-age': '86400',
    };

    expect(decide(SHOP, 'OPTIONS', preflight)).toEqual({ kind: 'preflight', headers });
    expect(decide(SHOP, 'OPTIONS', { ...preflight, 'access-control-request-method': 'DELETE' })).toEqual({ kind: 'preflight', headers });
  });

  it.each([
    ['GET', { origin: 'http://shop.example' }],
    ['DELETE', { origin: 'http://shop.example' }],
    ['OPTIONS', { origin: 'http://shop.example' }],
    ['OPTIONS', { origin: 'http://shop.example', 'access-control-request-method': '' }],
    ['GET', preflight],
  ])('lets %s with %j go on and remembers its origin', (method, headers) => {
    expect(decide(SHOP, method, headers)).toEqual({ kind: 'allowed', origin: 'http://shop.example' });
  });

  it.each([
    ['OPTIONS', { ...preflight, origin: 'http://evil.example' }],
    ['GET', { origin: 'http://evil.example' }],
    ['OPTIONS', { 'access-control-request-method': 'PUT' }],
    ['GET', { origin: '' }],
    ['GET', {}],
  ])('has nothing to say about %s with %j', (method, headers) => {
    expect(decide(SHOP, method, headers)).toBeUndefined();
  });

  // Source: Envoy `CorsFilter::encodeHeaders`, which returns early for such an origin.
  it('tells a preflight of a foreign origin everything but what it exposes', () => {
    const decision = decide({ ...SHOP, unmatchedPreflights: 'IGNORE' }, 'OPTIONS', { ...preflight, origin: 'http://evil.example' });

    expect(decision).toMatchObject({ headers: { 'access-control-allow-credentials': 'true', 'access-control-max-age': '86400' } });
    expect(decision).not.toHaveProperty(['headers', 'access-control-expose-headers']);
  });

  it.each<Record<string, string>>([{}, { origin: '' }])('has nothing to say without an origin, whoever is allowed: %j', (headers) => {
    const everyone: CorsOptions = { ...SHOP, allowOrigins: [{ prefix: '' }] };

    expect(decide(everyone, 'GET', headers)).toBeUndefined();
    expect(decide(everyone, 'OPTIONS', { ...headers, 'access-control-request-method': 'PUT' })).toBeUndefined();
  });

  it('names no methods where the policy has none', () => {
    const quiet: CorsOptions = { allowOrigins: SHOP.allowOrigins, allowMethods: [], allowHeaders: [], exposeHeaders: [] };

    expect(decide(quiet, 'OPTIONS', preflight)).toStrictEqual({ kind: 'preflight', headers: { 'access-control-allow-origin': 'http://shop.example' } });
  });

  it('answers a preflight of any origin with IGNORE, but allows it nothing', () => {
    const ignore: CorsOptions = { ...SHOP, exposeHeaders: [], allowHeaders: [], maxAgeSeconds: undefined, allowCredentials: false, unmatchedPreflights: 'IGNORE' };

    expect(decide(ignore, 'OPTIONS', { ...preflight, origin: 'http://evil.example' })).toStrictEqual({
      kind: 'preflight',
      headers: { 'access-control-allow-methods': 'GET,PUT' },
    });
    expect(decide(ignore, 'GET', { origin: 'http://evil.example' })).toBeUndefined();
  });

  it.each<[StringMatch, string, boolean]>([
    [{ exact: 'http://a.example' }, 'http://A.example', false],
    [{ prefix: 'https://b.' }, 'https://b.anything:8443', true],
    [{ regex: 'https?://[a-z]+\\.c\\.example' }, 'http://x.c.example', true],
    [{ regex: 'https?://[a-z]+\\.c\\.example' }, 'http://x.c.example:80', false],
    // What fits the literal `*` allows everyone.
    [{ exact: '*' }, 'http://any.example', true],
    [{ regex: '\\*|x' }, 'http://any.example', true],
    [{ prefix: '*' }, 'http://any.example', true],
  ])('%j allows %j: %s', (match, origin, allowed) => {
    expect(decide({ ...SHOP, allowOrigins: [match] }, 'GET', { origin }) !== undefined).toBe(allowed);
  });

  it('allows nobody with an empty list', () => {
    expect(decide({ ...SHOP, allowOrigins: [] }, 'GET', { origin: 'http://shop.example' })).toBeUndefined();
  });

  it('echoes what a preflight asks for where the policy says *', () => {
    const star: CorsOptions = { allowOrigins: [{ exact: '*' }], allowMethods: ['*'], allowHeaders: ['*'], exposeHeaders: [], maxAgeSeconds: 0 };
    const asked = { origin: 'http://any.example', 'access-control-request-method': 'PATCH' };

    expect(decide(star, 'OPTIONS', { ...asked, 'access-control-request-headers': 'x-a, x-b' })).toEqual({
      kind: 'preflight',
      headers: {
        'access-control-allow-origin': 'http://any.example',
        'access-control-allow-methods': 'PATCH',
        'access-control-allow-headers': 'x-a, x-b',
        'access-control-max-age': '0',
      },
    });
    expect(decide(star, 'OPTIONS', asked)).toMatchObject({ headers: { 'access-control-allow-headers': '' } });
  });
});

describe('CorsPolicy.finishResponse', () => {
  it('writes over what is there', () => {
    const headers: ResponseHeaders = {
      'access-control-allow-origin': '*',
      'access-control-allow-credentials': 'false',
      'access-control-expose-headers': ['x-svc', 'x-more'],
      'access-control-allow-methods': 'kept',
    };
    new CorsPolicy(SHOP).finishResponse(headers, 'http://shop.example');

    expect(headers).toEqual({
      'access-control-allow-origin': 'http://shop.example',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-total,x-page',
      'access-control-allow-methods': 'kept',
    });
  });

  it('leaves alone what the policy does not speak of', () => {
    const headers: ResponseHeaders = { 'access-control-allow-credentials': 'svc', 'access-control-expose-headers': 'x-svc' };
    new CorsPolicy({ ...SHOP, allowCredentials: undefined, exposeHeaders: [] }).finishResponse(headers, 'o');

    expect(headers).toEqual({
      'access-control-allow-origin': 'o',
      'access-control-allow-credentials': 'svc',
      'access-control-expose-headers': 'x-svc',
    });
  });
});
