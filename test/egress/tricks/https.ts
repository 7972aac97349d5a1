import { FETCHES, HTTP_DOORS, REQUESTS, through, type Door, type Outcome, type Trick } from '../trick.ts';
import type { World } from '../world.ts';

function call(trick: string, outcome: Outcome, doors: readonly Door[], url: string | ((world: World) => string), { host, blocked }: { host?: string; blocked?: false } = {}): Trick {
  return {
    trick,
    outcome,
    ...(blocked === false && { blocked }),
    attempts: through(doors, (world) => ({ url: typeof url === 'string' ? url : url(world), ...(host !== undefined && { headers: { host } }) })),
  };
}

/** Hosts whose https calls go by HTTP rules (`ts-mesh.dev/https-routing`). */
export const HTTPS_TRICKS: readonly Trick[] = [
  call('a name without its label of a routed wildcard', 'ERR_EGRESS_BLOCKED', HTTP_DOORS, 'https://wild.example.com/'),
  call('a routed host on another port', 'ERR_EGRESS_BLOCKED', HTTP_DOORS, ({ canary }) => `https://routed.example.com:${canary.strangePort}/`),
  call('a routed host on the port of an HTTP service', 'ERR_EGRESS_BLOCKED', HTTP_DOORS, ({ canary }) => `https://routed.example.com:${canary.port}/`),
  call('http on the port of a routed host', '502', HTTP_DOORS, 'http://routed.example.com:443/'),
  call('Host of a routed host, URL elsewhere', 'ERR_EGRESS_BLOCKED', REQUESTS, 'https://evil.test/', { host: 'routed.example.com' }),
  call('Host that nobody registered, URL of a routed host', '502', REQUESTS, 'https://routed.example.com/', { host: 'evil.test' }),
  call('Host of a host that goes where it is dialled, URL of a routed host', '502', REQUESTS, 'https://routed.example.com/', { host: 'a.wild.example.com' }),
  call('a rule that sends a routed host to what nobody registered (`NC`)', '503', HTTP_DOORS, 'https://routed.example.com/', { blocked: false }),
  call('a redirect of a rule, from a routed host', 'ERR_EGRESS_BLOCKED', FETCHES, 'https://routed.example.com/to'),
  call('a rule that sends a routed host to a registered HTTP service', 'registered', HTTP_DOORS, 'https://routed.example.com/inside', { blocked: false }),
];
