import { request, interceptors } from 'undici';
import { FETCHES, through, type Attempt, type Door, type Outcome, type Trick } from '../trick.ts';
import type { World } from '../world.ts';

const REDIRECTED: Door = {
  door: 'undici.request, redirect interceptor',
  call: ({ mesh }, { url, ...options }) => request(url, { ...options, dispatcher: mesh.dispatcher.compose(interceptors.redirect({ maxRedirections: 5 })) } as never),
};

const DOORS: readonly Door[] = [...FETCHES, REDIRECTED];

/** A URL of a registered service that answers with a redirect. */
function moved({ canary }: World, status: number, location: string): string {
  return `http://reviews:${canary.port}/to?${status}&${encodeURIComponent(location)}`;
}

function redirected(trick: string, outcome: Outcome, locationOf: (world: World) => string, { status = 302, body, doors = DOORS }: { status?: number; body?: string; doors?: readonly Door[] } = {}): Trick {
  const attempts: Attempt[] = through(doors, (world) => ({ url: moved(world, status, locationOf(world)), ...(body !== undefined && { method: 'POST', body }) }));
  return { trick, outcome, attempts };
}

/** A registered service that sends its callers outside. */
export const REDIRECT_TRICKS: readonly Trick[] = [
  redirected('redirect to a name that nobody registered', '502', ({ canary }) => `http://evil.test:${canary.port}/`),
  redirected('redirect to an IP address, another port', 'ERR_EGRESS_BLOCKED', ({ canary }) => `http://127.0.0.66:${canary.strangePort}/`),
  redirected('redirect to a decimal IP address', '502', ({ canary }) => `http://2130706498:${canary.port}/`, { status: 301 }),
  redirected('redirect from http to https', 'ERR_EGRESS_BLOCKED', () => 'https://evil.test/', { status: 301 }),
  redirected('redirect without a scheme', '502', ({ canary }) => `//evil.test:${canary.port}/`),
  redirected('redirect with backslashes', '502', ({ canary }) => `\\\\evil.test:${canary.port}/`, { status: 303 }),
  redirected('redirect with a body (307)', '502', ({ canary }) => `http://evil.test:${canary.port}/`, { status: 307, body: 'secret' }),
  redirected('redirect with a body (308), another port', 'ERR_EGRESS_BLOCKED', ({ canary }) => `http://evil.test:${canary.strangePort}/`, { status: 308, body: 'secret' }),
  redirected('redirect to another port of the same host', 'ERR_EGRESS_BLOCKED', ({ canary }) => `http://reviews:${canary.strangePort}/`),
  redirected('two redirects, the second leads outside', '502', (world) => moved(world, 302, `http://evil.test:${world.canary.port}/`)),
  redirected('redirect to the port of a TCP service that goes where it is dialled', 'ERR_EGRESS_BLOCKED', () => 'http://evil.test:6400/'),
  {
    trick: 'redirect by a rule of the mesh',
    outcome: '502',
    attempts: through(DOORS, () => ({ url: 'http://api.example.com/moved' })),
  },
];
