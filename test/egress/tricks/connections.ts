import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ConnectOptions } from '../../../src/mesh-connect.ts';
import type { Trick } from '../trick.ts';
import { ENDPOINT, type World } from '../world.ts';

type Options = ConnectOptions | ((world: World) => ConnectOptions);

function connected(trick: string, options: Options, about: Partial<Trick> = {}): Trick {
  const attempt = (open: (world: World, options: ConnectOptions) => Promise<Socket>) => async (world: World): Promise<string> => {
    const socket = await open(world, typeof options === 'function' ? options(world) : options);
    const to = socket.remoteAddress;
    socket.destroy();
    return to === ENDPOINT ? 'registered' : `connected to ${to}`;
  };
  return {
    trick,
    outcome: 'ERR_EGRESS_BLOCKED',
    attempts: [
      { door: 'mesh.connect', run: attempt(({ mesh }, to) => mesh.connect(to)) },
      {
        door: 'mesh.createConnection',
        run: attempt(async ({ mesh }, to) => {
          const socket = mesh.createConnection(to);
          await once(socket, 'connect');
          return socket;
        }),
      },
    ],
    ...about,
  };
}

/** Connections that are not HTTP. */
export const CONNECTION_TRICKS: readonly Trick[] = [
  connected('a connection to a name that nobody registered', { host: 'evil.test', port: 1234 }),
  connected('a connection to an IP address', ({ canary }) => ({ host: '127.0.0.66', port: canary.strangePort })),
  connected('a connection on the port of an HTTP service', ({ canary }) => ({ host: '127.0.0.66', port: canary.port })),
  connected('a connection to a registered HTTP service', ({ canary }) => ({ host: 'reviews', port: canary.port })),
  connected('a connection to a decimal IP address', ({ canary }) => ({ host: '2130706498', port: canary.strangePort })),
  connected('a connection to an IPv6 address with a zone', { host: 'fe80::1%lo', port: 1234 }),
  connected('a connection on the port of a TCP service with endpoints', { host: 'evil.test', port: 5432 }, { outcome: 'registered', blocked: false }),
  connected('a connection on the port of a TCP service that goes where it is dialled', { host: 'evil.test', port: 6400 }),
  connected('a connection to an address outside the registered range', { host: '127.0.8.1', port: 7000 }),
  connected('a connection to an IPv6 spelling of a registered address', { host: '::ffff:127.0.7.1', port: 7000 }),
  connected('a connection to a name outside the registered range', { host: 'evil.test', port: 7000 }, { dns: { 'evil.test': [['127.0.8.1']] } }),
  connected('the SNI of a registered host, on a connection to another', { host: 'evil.test', port: 443, servername: 'a.cdn.example.com' }),
  connected('the SNI of another host, on a connection to a registered one', { host: 'secure.example.com', port: 443, servername: 'evil.test' }),
  connected('TLS without SNI to a registered host', { host: 'a.cdn.example.com', port: 443 }),
  connected('the SNI of a host that is looked up, on a connection to another', { host: 'evil.test', port: 443, servername: 'a.dyn.example.com' }, { outcome: 'registered', blocked: false, dns: { 'a.dyn.example.com': [[ENDPOINT]] } }),
  connected('the SNI of another host, on a connection to one that is looked up', { host: 'a.dyn.example.com', port: 443, servername: 'evil.test' }),
  connected('TLS without SNI to a host whose https calls are routed', { host: 'routed.example.com', port: 443 }),
  connected('a connection to a name whose DNS answer is a registered address', { host: 'inside.test', port: 3307 }, { dns: { 'inside.test': [['127.0.9.2']] } }),
  connected('a path of a Unix socket as host', { host: '/tmp/evil.sock', port: 80 }, { outcome: 'ERR_INVALID_ARGUMENT', blocked: false }),
  connected('user name in a host', { host: 'db.example.com@evil.test', port: 5432 }, { outcome: 'ERR_INVALID_ARGUMENT', blocked: false }),
  connected('originalDst of a Unix socket, on a connection', { host: 'wide.example.com', port: 6400, originalDst: '/tmp/evil.sock:6400' }, { outcome: 'ERR_INVALID_ARGUMENT', blocked: false }),
  connected('originalDst with another port, on a connection', { host: 'wide.example.com', port: 6400, originalDst: '127.0.0.66:22' }),
  connected('a filter chain of the caller\'s own among the options', {
    host: 'evil.test', port: 6400, chain: { spec: {}, destinations: { pick: () => ({ cluster: 'PassthroughCluster' }) } }, downstream: {},
  } as never),
];
