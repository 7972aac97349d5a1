import axios from 'axios';
import got from 'got';
import { describe, expect, it } from 'vitest';
import { createAgents, type AgentsOptions } from '../../src/clients/index.ts';
import { clientsWorld, echo, pem, reviews, secure, type Answered } from './clients-world.ts';

const { http, https, start, defer } = clientsWorld();

async function world(config = '', options: AgentsOptions = {}) {
  const ports = { v1: await http(echo('v1')), v2: await http(echo('v2')) };
  const tls = { v1: await https(echo('v1')), v2: await https(echo('v2')) };
  const world = await start(reviews(ports) + secure(tls) + config);
  const agents = createAgents(world.mesh, { https: { ca: pem('ca.pem') }, ...options });
  defer(() => agents.close());
  return { ...world, agents, ports };
}

describe('axios', () => {
  it('goes by HTTP rules, with its default adapter', async () => {
    const { agents, mesh, calls } = await world();
    const client = axios.create({ httpAgent: agents.http, httpsAgent: agents.https, proxy: false });

    const { data: first } = await client.get<Answered>('http://reviews:9080/reviews/0?a=b');
    const { data: second } = await client.post<Answered>('http://reviews:9080/', { x: 1 }, { headers: { 'end-user': 'jason' } });
    const refused = await client.get('http://reviews:9080/', { headers: { 'x-fault': 'abort' }, validateStatus: () => true });

    expect(first).toMatchObject({ version: 'v1', url: '/reviews/0?a=b', headers: { host: 'reviews:9080' } });
    expect(second).toMatchObject({ version: 'v2', method: 'POST', body: '{"x":1}' });
    expect([refused.status, refused.data]).toEqual([503, 'fault filter abort']);
    expect(calls.map(({ flags }) => flags)).toEqual(['-', '-', 'FI']);
    expect(mesh.stats(/upstream_rq_total/)).toMatchObject({ 'cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_rq_total': 1 });
  });

  it('goes by tls rules', async () => {
    const { agents, connections } = await world();
    const client = axios.create({ httpAgent: agents.http, httpsAgent: agents.https, proxy: false });

    expect((await client.get<Answered>('https://secure.example.com/a')).data).toMatchObject({ version: 'v2', url: '/a' });
    agents.close();
    await expect.poll(() => connections).toMatchObject([{ cluster: 'outbound|443|v2|secure.example.com', servername: 'secure.example.com' }]);
  });
});

describe('got', () => {
  it('takes the agents as they are', async () => {
    const { agents } = await world();
    const client = got.extend({ agent: agents, retry: { limit: 0 } });

    expect(await client('http://reviews:9080/x', { headers: { 'end-user': 'jason' } }).json<Answered>()).toMatchObject({ version: 'v2', url: '/x' });
    expect(await client('https://secure.example.com/y').json<Answered>()).toMatchObject({ version: 'v2', url: '/y' });
  });
});
