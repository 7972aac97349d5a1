import { BARE } from './bare.ts';
import { CLIENTS } from './clients.ts';
import type { Contestant } from './contestant.ts';
import { MESH } from './mesh.ts';
import { RESILIENT } from './resilient.ts';
import { SIDECAR } from './sidecar.ts';

/** Who races against servers, by name, in the order of the tables. */
export const CONTESTANTS: Readonly<Record<string, Contestant>> = { ...BARE, ...CLIENTS, ...RESILIENT, ...MESH };

/** Everyone there is. */
export const EVERYONE: Readonly<Record<string, Contestant>> = { ...CONTESTANTS, ...SIDECAR };
