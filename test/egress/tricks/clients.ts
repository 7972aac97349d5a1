import axios from 'axios';
import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import got from 'got';
import { WebSocket } from 'ws';
import { AGENT, byAgent, inTunnel, LISTENER, LISTENER_DOORS, PROXY, toListener, withAgents, withListener } from '../client-doors.ts';
import { through, type Door, type Trick } from '../trick.ts';
import type { World } from '../world.ts';
import { SPELLINGS } from './urls.ts';

const outside = ({ canary }: World): string => `127.0.0.66:${canary.port}`;
const elsewhere = ({ canary }: World): string => `127.0.0.66:${canary.strangePort}`;
const inside = ({ canary }: World): string => `reviews:${canary.port}`;

const ASCII = Object.entries(SPELLINGS).filter(([, host]) => /^[\x21-\x7e]+$/.test(host));

/** The same places, spelt in every way, at doors that refuse them so. */
const everywhere = (spellings: readonly (readonly [string, string])[], doors: readonly Door[], elsewhere: string): Trick[] =>
  spellings.flatMap(([trick, host]) => [
    { trick, outcome: '502', attempts: through(doors, ({ canary }) => ({ url: `http://${host}:${canary.port}/` })) },
    { trick: `${trick}, another port`, outcome: elsewhere, attempts: through(doors, ({ canary }) => ({ url: `http://${host}:${canary.strangePort}/` })) },
  ]);

const trick = (name: string, door: string, outcome: Trick['outcome'], run: (world: World) => Promise<unknown>, blocked?: false): Trick => ({
  trick: name,
  outcome,
  ...(blocked === false && { blocked }),
  attempts: [{ door, run }],
});

const agent = (name: string, outcome: Trick['outcome'], optionsOf: (world: World) => Parameters<typeof byAgent>[1], blocked?: false): Trick =>
  trick(name, AGENT.door, outcome, (world) => byAgent(world, optionsOf(world)), blocked);

const tunnel = (name: string, outcome: Trick['outcome'], run: (world: World) => Promise<unknown>, blocked?: false): Trick => trick(name, 'local listener, CONNECT', outcome, run, blocked);

/** What a WebSocket of `ws` ends with. */
async function refusal(socket: WebSocket): Promise<unknown> {
  const [refused] = (await once(socket, 'error')) as [Error & { code?: string }];
  socket.terminate();
  const [, status] = /server response: (\d+)/.exec(refused.message) ?? [];
  if (status === undefined) throw refused;
  return { statusCode: Number(status) };
}

const place = (authority: string): { host: string; port: number } => ({ host: authority.slice(0, authority.lastIndexOf(':')), port: Number(authority.slice(authority.lastIndexOf(':') + 1)) });

/** Doors for clients of `node:http`, and the listener for all others. */
export const CLIENT_TRICKS: readonly Trick[] = [
  ...everywhere(Object.entries(SPELLINGS), [AGENT], 'ERR_EGRESS_BLOCKED'),
  ...everywhere(ASCII, LISTENER_DOORS, '502'),

  agent('Host of a registered service, dialled on a port without one', 'ERR_EGRESS_BLOCKED', (world) => ({ ...place(elsewhere(world)), headers: { host: 'reviews' } })),
  agent('Host of a registered service, dialled elsewhere on its port', 'registered', (world) => ({ ...place(outside(world)), headers: { host: 'reviews' } }), false),
  agent('Host of a service that goes where it is dialled', '502', (world) => ({ ...place(outside(world)), headers: { host: 'files.example.com' } })),
  agent('a whole URL as path', '502', (world) => ({ ...place(inside(world)), path: 'http://evil.test/' })),
  agent('a whole URL as path, dialled elsewhere', 'ERR_EGRESS_BLOCKED', (world) => ({ ...place(elsewhere(world)), path: `http://${inside(world)}/` })),
  agent('a lookup of the caller\'s own', 'registered', (world) => ({ ...place(inside(world)), lookup: (_host, _options, callback) => callback(null, '127.0.0.66', 4) }), false),
  agent('a createConnection of the caller\'s own', 'ERR_EGRESS_BLOCKED', (world) => ({ ...place(elsewhere(world)), createConnection: () => connectTcp(world.canary.strangePort, '127.0.0.66') })),
  agent('a Unix socket', 'ERR_INVALID_ARGUMENT', () => ({ socketPath: '/tmp/evil.sock' }), false),
  agent('user name in a host', 'ERR_INVALID_ARGUMENT', ({ canary }) => ({ host: 'reviews@evil.test', port: canary.port }), false),
  agent('https to a name that nobody registered', 'ERR_EGRESS_BLOCKED', () => ({ host: 'evil.test', port: 443 })),
  agent('https, the SNI of a registered host', 'ERR_EGRESS_BLOCKED', () => ({ host: 'evil.test', port: 443, servername: 'a.cdn.example.com' })),
  agent('https, the SNI of another host', 'ERR_EGRESS_BLOCKED', () => ({ host: 'secure.example.com', port: 443, servername: 'evil.test' })),
  agent('https, no SNI', 'ERR_EGRESS_BLOCKED', () => ({ host: 'a.cdn.example.com', port: 443, servername: '' })),
  agent('https, the Host of a host that goes where it is dialled', 'ERR_EGRESS_BLOCKED', () => ({ host: '127.0.0.66', port: 443, headers: { host: 'a.cdn.example.com' } })),
  agent('https on a socket of the caller\'s own', 'ERR_EGRESS_BLOCKED', () => ({ host: 'evil.test', port: 443, socket: {} as never })),
  trick('CONNECT by way of a registered service', AGENT.door, '404', async (world) => withAgents(world, async (agents) => {
    const { request } = await import('node:http');
    const [response] = (await once(request({ ...place(inside(world)), method: 'CONNECT', path: elsewhere(world), agent: agents.http }).end(), 'connect')) as [{ statusCode: number }];
    return { statusCode: response.statusCode };
  }), false),
  trick('a redirect, another port', 'axios', 'ERR_EGRESS_BLOCKED', (world) =>
    withAgents(world, (agents) => axios.get(`http://${inside(world)}/to?302&${encodeURIComponent(`http://${elsewhere(world)}/`)}`, { httpAgent: agents.http, proxy: false }))),
  trick('a redirect, another port', 'got', 'ERR_EGRESS_BLOCKED', (world) =>
    withAgents(world, (agents) => got(`http://${inside(world)}/to?302&${encodeURIComponent(`http://${elsewhere(world)}/`)}`, { agent: agents as never, retry: { limit: 0 } }))),
  trick('a WebSocket', 'ws, http.Agent', '502', (world) => withAgents(world, (agents) => refusal(new WebSocket(`ws://${outside(world)}/`, { agent: agents.http })))),
  trick('a WebSocket, another port', 'ws, http.Agent', 'ERR_EGRESS_BLOCKED', (world) => withAgents(world, (agents) => refusal(new WebSocket(`ws://${elsewhere(world)}/`, { agent: agents.http })))),
  trick('a WebSocket, wss', 'ws, https.Agent', 'ERR_EGRESS_BLOCKED', (world) => withAgents(world, (agents) => refusal(new WebSocket('wss://evil.test/', { agent: agents.https })))),

  trick('a Host beside a whole URL that leads outside', PROXY.door, '502', (world) => toListener(world, { path: `http://${elsewhere(world)}/`, headers: { host: inside(world) } })),
  trick('a Host that leads outside beside a whole URL', PROXY.door, 'registered', (world) => toListener(world, { path: `http://${inside(world)}/`, headers: { host: elsewhere(world) } }), false),
  trick('a whole https URL', PROXY.door, '502', (world) => toListener(world, { path: 'https://evil.test/' })),
  trick('a Host with user name', LISTENER.door, '400', (world) => toListener(world, { headers: { host: `reviews@${outside(world)}` } }), false),
  trick('x-forwarded-host and its like', LISTENER.door, '502', (world) => toListener(world, { headers: { host: outside(world), 'x-forwarded-host': 'reviews', 'x-envoy-original-dst-host': '127.0.0.66:1' } })),
  trick('a WebSocket', 'ws, local listener', '502', (world) => withListener(world, ({ address }) => refusal(new WebSocket(`ws://${address}/`, { headers: { host: elsewhere(world) } })))),

  tunnel('Host of a registered service in the tunnel', 'registered', (world) => inTunnel(world, outside(world), { host: 'reviews' }), false),
  tunnel('Host of a registered service in the tunnel, another port', '502', (world) => inTunnel(world, elsewhere(world), { host: 'reviews' })),
  tunnel('Host of a service that goes where it is dialled in the tunnel', '502', (world) => inTunnel(world, outside(world), { host: 'files.example.com' })),
  tunnel('Host that nobody registered in the tunnel', '502', (world) => inTunnel(world, inside(world), { host: 'evil.test' })),
  tunnel('TLS in the tunnel, the SNI of a registered host', 'closed', (world) => inTunnel(world, 'evil.test:443', { secure: 'a.cdn.example.com' })),
  tunnel('TLS in the tunnel, the SNI of another host', 'closed', (world) => inTunnel(world, 'secure.example.com:443', { secure: 'evil.test' })),
  tunnel('TLS in a tunnel to an HTTP service', 'closed', (world) => inTunnel(world, inside(world), { secure: 'evil.test' })),
  tunnel('a tunnel to the port of a TCP service that goes where it is dialled', '502', (world) => inTunnel(world, 'evil.test:6400')),
  tunnel('a tunnel to an address outside the registered range', '502', (world) => inTunnel(world, '127.0.8.1:7000')),
  tunnel('user name in a tunnel', '400', (world) => inTunnel(world, `reviews@${outside(world)}`), false),
];
