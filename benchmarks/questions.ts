import { apply } from './apply.ts';
import { bodies } from './bodies.ts';
import { concurrency } from './concurrency.ts';
import { decisions } from './decisions.ts';
import { footprint } from './footprint.ts';
import type { Question } from './lib/question.ts';
import { policies } from './policies.ts';
import { sidecar } from './sidecar.ts';
import { throughput } from './throughput.ts';

/** Everything that `npm run bench` finds out, in the order in which it does. */
export const QUESTIONS: readonly Question[] = [throughput, concurrency, bodies, policies, sidecar, decisions, apply, footprint];
