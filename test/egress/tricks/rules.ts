import { HTTP_DOORS, through, type Trick } from '../trick.ts';

/** Rules that send calls to hosts that nobody registered. */
export const RULE_TRICKS: readonly Trick[] = [
  {
    trick: 'a VirtualService whose destination nobody registered (`NC`)',
    outcome: '503',
    blocked: false,
    attempts: through(HTTP_DOORS, () => ({ url: 'http://api.example.com/nowhere' })),
  },
  {
    trick: 'a VirtualService whose mirror nobody registered',
    outcome: 'registered',
    blocked: false,
    attempts: through(HTTP_DOORS, () => ({ url: 'http://api.example.com/mirrored' })),
  },
  {
    trick: 'a host that only a rule has, and whose destination looks up what it is asked for',
    outcome: '502',
    attempts: through(HTTP_DOORS, () => ({ url: 'http://spirit.test/' })),
  },
  {
    trick: 'a mirror that looks up what it is asked for',
    outcome: 'registered',
    blocked: false,
    attempts: through(HTTP_DOORS, () => ({ url: 'http://api.example.com/copied' })),
  },
];
