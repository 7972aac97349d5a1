import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createMesh, meshInfo } from '../../src/index.ts';

it('sends nothing in plain text to a cluster whose rule asks for TLS', async () => {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests++;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using mesh = await createMesh({
    config: `
apiVersion: v1
kind: Service
metadata: {name: vault}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: vault}
spec: {host: vault, trafficPolicy: {tls: {mode: SIMPLE}}}
`,
    endpoints: { vault: [{ address: `127.0.0.1:${(server.address() as AddressInfo).port}` }] },
  });

  const response = await mesh.request('http://vault/');

  expect(response.statusCode).toBe(503);
  expect(meshInfo(response)?.flags).toContain('UF');
  expect(meshInfo(response)?.details).toContain('TLS_error');
  expect(requests).toBe(0);
  server.close();
});
