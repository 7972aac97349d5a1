import type { MakeDecider } from './decider.ts';
import { meshDecider } from './mesh.ts';
import { findMyWay, honoSmart, honoTrie } from './routers.ts';

/** Who decides, by name. */
export const DECIDERS = { mesh: meshDecider, 'find-my-way': findMyWay, Hono: honoSmart, 'Hono, tree': honoTrie } satisfies Readonly<Record<string, MakeDecider>>;

export type DeciderName = keyof typeof DECIDERS;
