import { REQUESTS, through, type Trick } from '../trick.ts';
import { ENDPOINT, type World } from '../world.ts';

type Headers = Record<string, string | string[]>;

const withHost = (trick: string, outcome: Trick['outcome'], urlOf: (world: World) => string, headers: Headers, blocked?: false): Trick => ({
  trick,
  outcome,
  ...(blocked === false && { blocked }),
  attempts: through(REQUESTS, (world) => ({ url: urlOf(world), headers })),
});

const outside = ({ canary }: World): string => `http://127.0.0.66:${canary.port}/`;
const elsewhere = ({ canary }: World): string => `http://127.0.0.66:${canary.strangePort}/`;
const inside = ({ canary }: World): string => `http://reviews:${canary.port}/`;

/** A Host that says something else than the URL. */
export const HOST_TRICKS: readonly Trick[] = [
  withHost('Host of a registered service, URL on a port without one', 'ERR_EGRESS_BLOCKED', elsewhere, { host: 'reviews' }),
  withHost('Host of a registered service, URL elsewhere on its port', 'registered', outside, { host: 'reviews' }, false),
  withHost('Host of a service that goes where it is dialled', '502', outside, { host: 'files.example.com' }),
  withHost('Host of a wildcard service that goes where it is dialled', '502', outside, { Host: 'A.Files.example.com:80' }),
  { ...withHost('Host of a service that looks up what it is asked for', 'registered', outside, { host: 'a.dyn.example.com' }, false), dns: { 'a.dyn.example.com': [[ENDPOINT]] } },
  withHost('Host without the label of a service that looks up what it is asked for', '502', outside, { host: 'dyn.example.com' }),
  withHost('Host that nobody registered, URL of a registered service', '502', inside, { host: 'evil.test' }),
  withHost('several Hosts, the first outside', '502', inside, { host: ['evil.test', 'reviews'] }),
  withHost('several Hosts, the first registered', 'registered', outside, { host: ['reviews', 'evil.test'] }, false),
  withHost('a Host with user name', '502', inside, { host: 'reviews@evil.test' }),
  withHost('a Host with a blank', '400', inside, { host: 'reviews evil.test' }, false),
  withHost('Host *', '502', outside, { host: '*' }),
  withHost('an empty Host', '404', outside, { host: '' }, false),
  withHost('x-forwarded-host and its like', '502', outside, { 'x-forwarded-host': 'reviews', forwarded: 'host=reviews', 'x-envoy-original-dst-host': '127.0.0.66:1', ':authority': 'reviews' }),
  withHost('https with the Host of a registered service', 'ERR_EGRESS_BLOCKED', () => 'https://127.0.0.66/', { host: 'secure.example.com' }),
  withHost('x-envoy-original-dst-host on a registered call', 'registered', inside, { 'x-envoy-original-dst-host': '127.0.0.66:80' }, false),
];
