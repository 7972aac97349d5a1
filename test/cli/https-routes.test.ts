import { describe, expect, it } from 'vitest';
import { routeRows } from '../../src/cli/routes.ts';
import { createMesh } from '../../src/index.ts';

describe('ts-mesh routes', () => {
  it('tells the routes of https calls apart', async () => {
    await using mesh = await createMesh({
      config: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, annotations: {ts-mesh.dev/https-routing: "true"}}
spec: {hosts: [api.example.com], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}, {number: 80, name: http, protocol: HTTP}]}
`,
    });
    expect(routeRows(mesh).map(({ port, scheme = 'http', virtualHost }) => `${scheme} ${port} ${virtualHost}`)).toEqual([
      'http 80 api.example.com:80', 'http 80 allow_any', 'https 443 api.example.com:443', 'https 443 allow_any',
    ]);
  });
});
