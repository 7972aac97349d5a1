import { describe, expect, it } from 'vitest';
import type { MeshSettings } from '../../src/config/snapshot.ts';
import { admit, MAX_HEAD_BYTES, MAX_HEADERS } from '../../src/engine/admission.ts';
import type { LocalReply } from '../../src/engine/local-reply.ts';
import type { RequestHead } from '../../src/route/model.ts';
import { snapshotOf } from './memory-engine.ts';

const { settings } = snapshotOf('kind: Service\napiVersion: v1\nmetadata: {name: x}\nspec: {ports: [{name: http, port: 80}]}');

function admitted(path: string, headers: readonly string[] = [], { tracing = false, pathNormalization = 'BASE' as MeshSettings['pathNormalization'], authority = 'reviews', http2 = false } = {}): RequestHead | LocalReply {
  const head: RequestHead = { method: 'GET', scheme: 'http', authority, path, port: 80, headers: [...headers] };
  const refusal = admit(head, { ...settings, pathNormalization }, { options: { uuid: () => 'new-id', tracing }, random: () => 0.5 }, http2);
  return refusal ?? head;
}

describe('admit', () => {
  it('adds what a sidecar adds', () => {
    expect(admitted('/x')).toMatchObject({ path: '/x', scheme: 'http', headers: ['x-forwarded-proto', 'http', 'x-request-id', 'new-id'] });
  });

  it('leaves what the caller has, and believes its scheme', () => {
    expect(admitted('/x', ['x-request-id', 'mine', 'x-forwarded-proto', 'https'])).toMatchObject({ scheme: 'https', headers: ['x-request-id', 'mine', 'x-forwarded-proto', 'https'] });
    expect(admitted('/x', ['x-forwarded-proto', 'gopher'])).toMatchObject({ scheme: 'http' });
    expect(admitted('/x', ['x-forwarded-proto', 'HTTPS'])).toMatchObject({ scheme: 'https', headers: expect.arrayContaining(['HTTPS']) as string[] });
  });

  it('leaves a caller of HTTP/2 the scheme of its own', () => {
    expect(admitted('/x', ['x-forwarded-proto', 'https'], { http2: true })).toMatchObject({ scheme: 'http' });
  });

  it('finds no route where the scheme is said to be nothing', () => {
    expect(admitted('/x', ['x-forwarded-proto', ''])).toMatchObject({ status: 404, details: 'route_not_found' });
  });

  it('begins a trace only where tracing is on', () => {
    expect(admitted('/x', [], { tracing: true })).toMatchObject({ headers: expect.arrayContaining(['x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled']) as string[] });
  });

  it('refuses what Envoy refuses before it looks at it: heads beyond 60 KB, more than a hundred headers', () => {
    const rest = '/'.length + 'reviews'.length + 'x'.length;
    expect(admitted('/', ['x', 'a'.repeat(MAX_HEAD_BYTES - rest)])).toMatchObject({ path: '/' });
    expect(admitted('/', ['x', 'a'.repeat(MAX_HEAD_BYTES - rest + 1)])).toMatchObject({ status: 431, details: 'http1.headers_too_large' });
    expect(admitted(`/${'a'.repeat(MAX_HEAD_BYTES)}`)).toMatchObject({ status: 431, body: 'Request Header Fields Too Large' });

    const headers = (count: number): string[] => Array.from({ length: count }, (_, i) => [`x-${i}`, 'a']).flat();
    // The Host is one.
    expect(admitted('/', headers(MAX_HEADERS - 1))).toMatchObject({ path: '/' });
    expect(admitted('/', headers(MAX_HEADERS))).toMatchObject({ status: 431, details: 'http1.too_many_headers' });
  });

  it.each(['reviews/x', 'reviews, x', 'a"b', 'a\\b', 'a?b', 'a#b', '{a}', 'bücher'])('refuses the Host %s', (authority) => {
    expect(admitted('/', [], { authority })).toMatchObject({ status: 400, body: 'Bad Request', details: 'http.invalid_authority' });
  });

  it.each(['', 'a_b', 'Reviews:9080', '[::1]:80', '-', 'reviews.', 'a%20b', "user:pw@a~b!$&'()*+,;="])('takes the Host %s', (authority) => {
    expect(admitted('/', [], { authority })).toMatchObject({ authority });
  });

  it('refuses what is no path', () => {
    expect(admitted('*')).toMatchObject({ status: 404, details: 'absolute_path_rejected' });
    expect(admitted('/a#b')).toMatchObject({ status: 400, details: 'path_normalization_failed' });
  });

  it('normalizes the path before rules see it', () => {
    expect(admitted('/a/../b/./c?d=/../e')).toMatchObject({ path: '/b/c?d=/../e' });
    expect(admitted('/a/../b', [], { pathNormalization: 'NONE' })).toMatchObject({ path: '/a/../b' });
    expect(admitted('/a//b', [], { pathNormalization: 'MERGE_SLASHES' })).toMatchObject({ path: '/a/b' });
  });
});
