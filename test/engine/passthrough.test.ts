import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMesh, meshInfo } from '../../src/index.ts';
import { REVIEWS } from './memory-mesh.ts';

describe('a call that is none of the mesh\'s', () => {
  let server: Server;
  let port: number;

  beforeEach(async () => {
    server = createServer((request, response) => response.end(JSON.stringify(request.headers))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });

  afterEach(() => void server.close());

  it('goes to where its URL says, as it is', async () => {
    await using mesh = await createMesh({ config: REVIEWS });

    const response = await mesh.fetch(`http://127.0.0.1:${port}/x`);

    expect(meshInfo(response)).toMatchObject({ lane: 'passthrough', status: 200 });
    expect(Object.keys((await response.json()) as object)).not.toContain('x-envoy-attempt-count');
  });

  it('goes to the address that was dialled, with the Host of its URL', async () => {
    await using mesh = await createMesh({ config: REVIEWS });

    const response = await mesh.request('http://elsewhere.example:7777/x', { originalDst: `127.0.0.1:${port}` });

    expect(await response.body.json()).toMatchObject({ host: 'elsewhere.example:7777' });
    expect(meshInfo(response)).toMatchObject({ lane: 'passthrough' });
  });

  it('goes nowhere with REGISTRY_ONLY, and the error says what would allow it', async () => {
    const registryOnly = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n';
    await using mesh = await createMesh({ config: [REVIEWS, registryOnly] });

    await expect(mesh.request(`http://127.0.0.1:${port}/x`)).rejects.toMatchObject({
      code: 'ERR_EGRESS_BLOCKED', message: expect.stringContaining(`add a ServiceEntry for host 127.0.0.1, port ${port}`),
    });
  });
});
