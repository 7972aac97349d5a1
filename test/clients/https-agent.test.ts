import { once } from 'node:events';
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { createAgents, type AgentsOptions } from '../../src/clients/index.ts';
import { clientsWorld, echo, pem, REGISTRY_ONLY, secure, type Answered } from './clients-world.ts';

const { http, https, start, defer } = clientsWorld();

async function world(config = '', options: AgentsOptions = { https: { ca: pem('ca.pem') } }) {
  const tls = { v1: await https(echo('v1')), v2: await https(echo('v2')) };
  const world = await start(secure(tls) + config);
  const agents = createAgents(world.mesh, options);
  defer(() => agents.close());
  const send = (options: RequestOptions = {}) => request({ host: 'secure.example.com', agent: agents.https, ...options });
  const call = async (options: RequestOptions = {}): Promise<Answered> => JSON.parse(await text(((await once(send(options).end(), 'response')) as [IncomingMessage])[0])) as Answered;
  const fails = async (options: RequestOptions = {}): Promise<unknown> => ((await once(send(options).end(), 'error')) as [Error])[0];
  return { ...world, agents, tls, send, call, fails };
}

describe('https.Agent', () => {
  it('goes by tls rules, keeps connections and resumes sessions', async () => {
    const { agents, call, send, connections } = await world();
    expect(await call()).toMatchObject({ version: 'v2' });
    const again = send().end();
    ((await once(again, 'response'))[0] as IncomingMessage).resume();
    expect(again.reusedSocket).toBe(true);

    await once(again, 'close');
    for (const socket of Object.values(agents.https.freeSockets).flat()) socket?.destroy();
    const resumed = send().end();
    const [response] = (await once(resumed, 'response')) as [IncomingMessage];
    expect((resumed.socket as TLSSocket).isSessionReused()).toBe(true);
    response.resume();
    await vi.waitFor(() => expect(connections).toMatchObject([{ cluster: 'outbound|443|v2|secure.example.com' }]));
  });

  it('trusts whom its options trust, and requests whom theirs do', async () => {
    const { call, fails } = await world('', {});

    expect(await fails()).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    expect(await call({ rejectUnauthorized: false })).toMatchObject({ version: 'v2' });
    expect(await call({ ca: pem('ca.pem') })).toMatchObject({ version: 'v2' });
    expect(await fails({ ca: pem('ca.pem'), host: '127.0.0.1', port: (await http(echo('plain'))) })).toMatchObject({ code: expect.stringMatching(/^(ERR_SSL|EPROTO)/) });
  });

  it('leaves no connection behind whose failure nobody hears, where TLS can\'t begin', async () => {
    const { agents, call } = await world(REGISTRY_ONLY);

    // From within Node, by an event or at once; from Node 26 on a name that is an address is such a mistake too.
    await expect((async () => call({ host: 'evil.test', minVersion: 'TLSv9' as never }))()).rejects.toThrow(/TLSv9/);
    await expect((async () => call({ host: 'evil.test', servername: '6.6.6.6' }))()).rejects.toThrow();
    expect(() => agents.createHttp2Connection(new URL('https://evil.test/'), { minVersion: 'TLSv9' as never })).toThrow(/TLSv9/);
    // An error that nobody hears would end the process; here it would fail the run.
    await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('asks for a name of the caller’s, by which rules go', async () => {
    const { agents, tls, call, fails } = await world(REGISTRY_ONLY);

    expect(await call({ host: 'secure.example.com', servername: 'secure.example.com' })).toMatchObject({ version: 'v2' });
    // The name belongs to a host with endpoints of its own: that is where it goes, whatever was dialled.
    expect(await call({ host: 'evil.example.com', servername: 'secure.example.com' })).toMatchObject({ version: 'v2' });
    expect(await fails({ host: 'evil.test' })).toMatchObject({ code: 'ERR_EGRESS_BLOCKED' });
    expect(await fails({ host: 'secure.example.com', servername: 'evil.test' })).toMatchObject({ code: 'ERR_EGRESS_BLOCKED' });
    expect(await fails({ host: '127.0.0.1', port: tls.v1 })).toMatchObject({ code: 'ERR_EGRESS_BLOCKED' });
    await vi.waitFor(() => expect(Object.keys(agents.https.sockets)).toHaveLength(0));
  });

  it('lets what nobody registered pass, until rules say otherwise', async () => {
    const { call, fails, mesh, tls } = await world();
    const outside = { host: '127.0.0.1', port: tls.v1, rejectUnauthorized: false };

    expect(await call(outside)).toMatchObject({ version: 'v1' });
    await mesh.apply(REGISTRY_ONLY);
    expect(await fails(outside)).toMatchObject({ code: 'ERR_EGRESS_BLOCKED' });
  });

  it('tells of an endpoint that can’t be reached as a socket does', async () => {
    const { mesh, fails } = await world();
    await mesh.apply(secure({ v1: 1, v2: 1 }));

    expect(await fails()).toMatchObject({ code: 'ERR_UPSTREAM', flags: 'UF,URX', cause: { code: 'ECONNREFUSED' } });
    await mesh.close({ drainMs: 0 });
    expect(await fails()).toMatchObject({ code: 'ERR_MESH_CLOSED' });
  });
});
