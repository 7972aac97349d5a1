import { FETCHES, HTTP_DOORS, REQUESTS, through, type Trick } from '../trick.ts';
import { ENDPOINT, type World } from '../world.ts';

/** Spellings of places outside. Each is tried where Envoy has an HTTP listener, and where it has none. */
export const SPELLINGS: Readonly<Record<string, string>> = {
  'a name that nobody registered': 'evil.test',
  'an IP address': '127.0.0.66',
  'localhost': 'localhost',
  'a decimal IP address': '2130706498',
  'an octal IP address': '0177.0.0.0102',
  'a hexadecimal IP address': '0x7f000042',
  'a short IP address': '127.66',
  'full-width digits': '１２７.０.０.６６',
  'IPv6 loopback': '[::1]',
  'an IPv4 address mapped into IPv6': '[::ffff:127.0.0.66]',
  'the metadata address': '169.254.169.254',
  'a trailing dot': 'evil.test.',
  'capital letters': 'EVIL.Test',
  'an ideographic full stop': 'evil。test',
  'percent-encoded letters': '%65vil.test',
  'a Cyrillic letter in a registered name': 'аpi.example.com',
  'a tab and a line break in the name': 'ev\t\nil.test',
  'a registered name as prefix': 'api.example.com.evil.test',
  'a registered name as suffix': 'evil-api.example.com',
  'a registered wildcard without its label': 'evilfiles.example.com',
  'an ExternalName that leads outside': 'alias',
};

/** Ways to make a registered host look like the URL's. */
const DISGUISES: Readonly<Record<string, (port: number) => string>> = {
  'a registered name as user name': (port) => `http://reviews:x@127.0.0.66:${port}/`,
  'a registered name after a backslash': (port) => `http://127.0.0.66:${port}\\@reviews/`,
};

const FRAGMENTS: Readonly<Record<string, (port: number) => string>> = {
  'a registered name behind # and @': (port) => `http://127.0.0.66:${port}#@reviews/`,
  'a registered name behind ? and @': (port) => `http://127.0.0.66:${port}?@reviews:${port}/`,
  'no slashes': (port) => `http:127.0.0.66:${port}/`,
  'too many slashes': (port) => `http:////127.0.0.66:${port}/`,
  'a port with zeros in front': (port) => `http://127.0.0.66:00${port}/`,
  'a scheme in capitals': (port) => `HTTP://127.0.0.66:${port}/`,
};

const onBothPorts = (trick: string, urlOf: (port: number) => string, doors = HTTP_DOORS): Trick[] => [
  { trick, outcome: '502', attempts: through(doors, ({ canary }) => ({ url: urlOf(canary.port) })) },
  { trick: `${trick}, another port`, outcome: 'ERR_EGRESS_BLOCKED', attempts: through(doors, ({ canary }) => ({ url: urlOf(canary.strangePort) })) },
];

const blockedAt = (trick: string, urlOf: (world: World) => string): Trick => ({
  trick,
  outcome: 'ERR_EGRESS_BLOCKED',
  attempts: through(HTTP_DOORS, (world) => ({ url: urlOf(world) })),
});

/** URLs that lead outside, however they are written. */
export const URL_TRICKS: readonly Trick[] = [
  ...Object.entries(SPELLINGS).flatMap(([trick, host]) => onBothPorts(trick, (port) => `http://${host}:${port}/`)),
  ...Object.entries(FRAGMENTS).flatMap(([trick, urlOf]) => onBothPorts(trick, urlOf)),
  ...Object.entries(DISGUISES).flatMap(([trick, urlOf]) => onBothPorts(trick, urlOf, trick.includes('user') ? REQUESTS : HTTP_DOORS)),
  {
    trick: 'a registered name as user name',
    outcome: 'TypeError',
    blocked: false,
    attempts: through(FETCHES, ({ canary }) => ({ url: `http://reviews:x@127.0.0.66:${canary.port}/` })),
  },
  {
    trick: 'an IPv6 address with a zone',
    outcome: 'ERR_INVALID_URL',
    blocked: false,
    attempts: through(HTTP_DOORS, ({ canary }) => ({ url: `http://[fe80::1%25lo]:${canary.port}/` })),
  },
  { trick: 'port 80 of a name that nobody registered', outcome: '502', attempts: through(HTTP_DOORS, () => ({ url: 'http://evil.test/' })) },
  blockedAt('https to a name that nobody registered', () => 'https://evil.test/'),
  blockedAt('https to an IP address', () => 'https://127.0.0.66/'),
  blockedAt('https on the port of an HTTP service', ({ canary }) => `https://127.0.0.66:${canary.port}/`),
  blockedAt('https to a host that is registered for HTTP', ({ canary }) => `https://reviews:${canary.port}/`),
  blockedAt('https to a port that is registered as HTTP', () => 'https://mistaken.example.com/'),
  blockedAt('https to a name that ends in a registered one', () => 'https://secure.example.com.evil.test/'),
  blockedAt('https to a wildcard without its label', () => 'https://cdn.example.com/'),
  blockedAt('a registered host on another port', ({ canary }) => `http://api.example.com:${canary.strangePort}/`),
  blockedAt('the address of a registered endpoint', ({ endpoint }) => `http://${ENDPOINT}:${endpoint}/`),
  {
    trick: 'a name whose DNS answer is a registered endpoint',
    outcome: '502',
    dns: { 'inside.test': [[ENDPOINT]] },
    attempts: through(HTTP_DOORS, ({ canary }) => ({ url: `http://inside.test:${canary.port}/` })),
  },
  {
    trick: 'a name whose DNS answer is this machine',
    outcome: 'ERR_EGRESS_BLOCKED',
    dns: { 'inside.test': [['127.0.0.1', '169.254.169.254']] },
    attempts: through(HTTP_DOORS, ({ canary }) => ({ url: `http://inside.test:${canary.strangePort}/` })),
  },
  {
    trick: 'http on the port of a TCP service that goes where it is dialled',
    outcome: 'ERR_EGRESS_BLOCKED',
    attempts: through(HTTP_DOORS, () => ({ url: 'http://evil.test:6400/' })),
  },
  {
    trick: 'http to a name outside the range of addresses that is registered',
    outcome: 'ERR_EGRESS_BLOCKED',
    dns: { 'evil.test': [['127.0.8.1']] },
    attempts: through(HTTP_DOORS, () => ({ url: 'http://evil.test:7000/' })),
  },
  {
    trick: 'a host that only a rule has, and whose destination goes where it is dialled',
    outcome: '502',
    attempts: through(HTTP_DOORS, () => ({ url: 'http://ghost.test/' })),
  },
];
