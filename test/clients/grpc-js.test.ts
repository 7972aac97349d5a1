import { credentials, ServerCredentials, status } from '@grpc/grpc-js';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLocalListener } from '../../src/clients/index.ts';
import { clientsWorld, pem, REGISTRY_ONLY, reviews, secure } from './clients-world.ts';
import { greeter, greeterServer } from './greeter.ts';

const { start, defer } = clientsWorld();

async function world(config = '') {
  const servers = { v1: await greeterServer('v1'), v2: await greeterServer('v2') };
  defer(() => (servers.v1.close(), servers.v2.close()));
  const ports = { v1: servers.v1.port, v2: servers.v2.port };
  const world = await start(reviews(ports, { port: 50051, protocol: 'GRPC' }) + config);
  const listener = await createLocalListener(world.mesh);
  defer(() => listener.close({ drainMs: 0 }));
  const client = (...options: Parameters<typeof greeter>) => {
    const made = greeter(...options);
    defer(() => made.close());
    return made;
  };
  return { ...world, listener, client, ports, waiting: servers.v1.waiting };
}

describe('grpc-js, with the address of a local listener', () => {
  it('goes by HTTP rules, call by call', async () => {
    const { listener, client, mesh, calls } = await world();
    const greets = client(listener.address, { 'grpc.default_authority': 'reviews:50051' });

    expect(await greets.greet('Ann', { 'x-from': 'Bob' })).toBe('v1 greets Ann, Bob');
    expect(await greets.greet('Ann', { 'end-user': 'jason' })).toBe('v2 greets Ann, nobody');
    expect(await greets.count(3)).toEqual(['v1 1', 'v1 2', 'v1 3']);
    await expect(greets.greet('fail')).rejects.toMatchObject({ code: status.FAILED_PRECONDITION, details: 'as asked' });
    await expect(greets.greet('Ann', { 'x-fault': 'abort' })).rejects.toMatchObject({ code: status.UNAVAILABLE, details: 'fault filter abort' });
    expect(calls.map(({ flags }) => flags)).toEqual(['-', '-', '-', '-', 'FI']);
    expect(mesh.stats(/reviews.*upstream_rq_total$/)).toMatchObject({
      'cluster.outbound|50051|v1|reviews.default.svc.cluster.local;.upstream_rq_total': 3,
      'cluster.outbound|50051|v2|reviews.default.svc.cluster.local;.upstream_rq_total': 1,
    });
  });

  it('streams both ways, held back by whoever does not read', async () => {
    const { listener, client } = await world();
    const greets = client(listener.address, { 'grpc.default_authority': 'reviews:50051' });
    const texts = Array.from({ length: 60 }, (_, i) => `${i} `.padEnd(100_000, 'x'));

    expect(await greets.talk(texts)).toEqual(texts.map((text) => `v1 ${text}`));
  });

  it('is broken off at the server when the client gives up, or its time is over', async () => {
    const { listener, client, waiting, calls } = await world();
    const greets = client(listener.address, { 'grpc.default_authority': 'reviews:50051' });
    const first = greets.wait();
    await once(waiting, 'begun');
    const gone = once(waiting, 'cancelled');
    first.cancel();
    await gone;
    expect(await first.failure).toMatchObject({ code: status.CANCELLED });

    const late = once(waiting, 'cancelled');
    expect(await greets.wait({ deadline: Date.now() + 100 }).failure).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await late;
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    expect(calls[0]).toMatchObject({ flags: 'DR' });
  });

  it('is refused what nobody registered', async () => {
    const { listener, client } = await world(REGISTRY_ONLY);

    await expect(client(listener.address, { 'grpc.default_authority': 'unknown:50051' }).greet('Ann')).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await expect(client(listener.address, { 'grpc.default_authority': 'unknown:1' }).greet('Ann')).rejects.toMatchObject({ code: status.UNAVAILABLE, details: expect.stringContaining('add a ServiceEntry') });
  });
});

describe('grpc-js, with grpc_proxy', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('goes by HTTP rules inside of the tunnel', async () => {
    const { listener, client } = await world();
    vi.stubEnv('grpc_proxy', listener.url);
    const greets = client('reviews:50051');

    expect(await greets.greet('Ann')).toBe('v1 greets Ann, nobody');
    expect(await greets.greet('Ann', { 'end-user': 'jason' })).toBe('v2 greets Ann, nobody');
  });

  it('goes by tls rules with TLS', async () => {
    const server = await greeterServer('secure', ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(pem('server.pem')), private_key: Buffer.from(pem('server.key')) }]));
    defer(() => server.close());
    const { listener, client, connections, mesh } = await world(REGISTRY_ONLY + secure({ v1: 1, v2: server.port }));
    vi.stubEnv('grpc_proxy', listener.url);
    const greets = client('secure.example.com:443', {}, credentials.createSsl(Buffer.from(pem('ca.pem'))));

    expect(await greets.greet('Ann')).toBe('secure greets Ann, nobody');
    greets.close();
    await mesh.close({ drainMs: 0 });
    expect(connections).toMatchObject([{ cluster: 'outbound|443|v2|secure.example.com', servername: 'secure.example.com' }]);
  });

  it('reaches servers that nobody registered, as long as it may', async () => {
    const { listener, client, ports, mesh } = await world();
    vi.stubEnv('grpc_proxy', listener.url);

    expect(await client(`127.0.0.1:${ports.v2}`).greet('Ann')).toBe('v2 greets Ann, nobody');
    await mesh.apply(REGISTRY_ONLY);
    await expect(client(`127.0.0.1:${ports.v1}`).greet('Ann')).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });
});
