import { Agent, EnvHttpProxyAgent, ProxyAgent, setGlobalDispatcher } from 'undici';
import { HTTP_DOORS, type Trick } from '../trick.ts';
import type { World } from '../world.ts';

/** A dispatcher that notes whatever it is given as reached: it would go where the URL says. */
function own({ canary }: World): unknown {
  const agent = new Agent();
  return {
    dispatch(options: { origin: string }, handler: never) {
      canary.reached.push(`${options.origin} by a dispatcher of the caller's own`);
      return agent.dispatch({ ...options, origin: `http://127.0.0.66:${canary.port}` } as never, handler);
    },
  };
}

const withOwn = (trick: string, urlOf: (world: World) => string): Trick => ({
  trick: `${trick}, a dispatcher of the caller's own`,
  outcome: 'ERR_EGRESS_BLOCKED',
  attempts: [{ door: 'mesh.fetch', run: (world) => world.mesh.fetch(urlOf(world), { dispatcher: own(world) } as never) }],
});

/** Proxies from the environment, in the place of Node's own dispatcher. */
async function behindProxies<T>({ canary }: World, call: () => Promise<T>): Promise<T> {
  const proxy = `http://127.0.0.66:${canary.port}`;
  setGlobalDispatcher(new EnvHttpProxyAgent({ httpProxy: proxy, httpsProxy: proxy, noProxy: '' }));
  return call();
}

/** Dispatchers that know other ways out. */
export const DISPATCHER_TRICKS: readonly Trick[] = [
  withOwn('a name that nobody registered', () => 'http://evil.test/'),
  withOwn('another port', ({ canary }) => `http://127.0.0.66:${canary.strangePort}/`),
  withOwn('a host that only a rule has', () => 'http://ghost.test/'),
  withOwn('the port of a TCP service', () => 'http://evil.test:5432/'),
  withOwn('https', () => 'https://evil.test/'),
  {
    trick: 'a Request that carries a dispatcher of the caller\'s own',
    outcome: '502',
    attempts: [
      { door: 'mesh.fetch', run: (world) => world.mesh.fetch(new Request(`http://evil.test:${world.canary.port}/`, { dispatcher: own(world) } as never)) },
      {
        door: 'mesh.fetch, native lane',
        run: (world) => world.mesh.fetch(new Request(`http://evil.test:${world.canary.port}/`, { dispatcher: own(world), method: 'POST', body: 'a' } as never)),
      },
    ],
  },
  {
    trick: 'a ProxyAgent of the caller\'s own',
    outcome: 'ERR_EGRESS_BLOCKED',
    attempts: [{ door: 'mesh.fetch', run: ({ mesh, canary }) => mesh.fetch('http://evil.test/', { dispatcher: new ProxyAgent(`http://127.0.0.66:${canary.port}`) } as never) }],
  },
  {
    trick: 'a proxy of the environment',
    outcome: 'ERR_EGRESS_BLOCKED',
    attempts: HTTP_DOORS.map(({ door, call }) => ({ door, run: (world) => behindProxies(world, () => call(world, { url: `http://evil.test:${world.canary.strangePort}/` })) })),
  },
  {
    trick: 'a proxy of the environment, https to a port that is registered as HTTP',
    outcome: 'ERR_EGRESS_BLOCKED',
    attempts: HTTP_DOORS.map(({ door, call }) => ({ door, run: (world) => behindProxies(world, () => call(world, { url: 'https://mistaken.example.com/' })) })),
  },
];
