import type { Probe } from './model/model.ts';

/** What every endpoint answers: a status that nobody retries, and headers that rules work on. */
export const PROBE: Probe = {
  status: 207,
  headers: [
    ['content-type', 'text/plain'],
    ['x-up', 'u1'],
    ['x-up', 'u2'],
    ['x-a', 'up-a'],
    ['access-control-allow-origin', '*'],
  ],
};
