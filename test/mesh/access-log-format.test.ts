import { describe, expect, it } from 'vitest';
import { createTestMesh } from '../../src/testing/index.ts';

const settings = (mesh: object): string => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio', namespace: 'istio-system' }, data: { mesh: JSON.stringify(mesh) } }, null, 1);

describe('the format that MeshConfig gives to the access log', () => {
  it('has whatever it asks for of request, answer and call, and follows a change', async () => {
    const lines: string[] = [];
    await using mesh = await createTestMesh(settings({ accessLogFormat: '%REQ(X-TENANT)% %REQ(:METHOD)% %RESPONSE_CODE% %RESP(ETAG)% %UPSTREAM_REQUEST_ATTEMPT_COUNT% %REQ(X-NONE)%\n' }), {
      services: { 'reviews:9080': () => ({ status: 201, headers: { etag: '"7"' } }) },
      accessLog: (line) => void lines.push(line),
    });
    const call = async (): Promise<unknown> => (await mesh.fetch('http://reviews:9080/a', { method: 'POST', headers: { 'x-tenant': 'blue' } })).text();

    await call();
    await mesh.apply(settings({ accessLogEncoding: 'JSON', accessLogFormat: JSON.stringify({ status: '%RESPONSE_CODE%', tenant: '%REQ(X-TENANT)%' }) }));
    await call();

    expect(lines).toEqual(['blue POST 201 "7" 1 -', '{"status":201,"tenant":"blue"}']);
  });

  it('is warned of where it is none', async () => {
    await using mesh = await createTestMesh(settings({ accessLogFormat: '100 %' }));

    expect(mesh.warnings).toMatchObject([{ code: 'WARN_NO_EFFECT', path: 'data.mesh.accessLogFormat', message: expect.stringContaining("a single percent sign is written %%; lines look as Istio's own") as string }]);
  });
});
