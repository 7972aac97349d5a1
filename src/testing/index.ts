/**
 * What tests of rules need: reproducible chance.
 *
 * @packageDocumentation
 */
export { sequence } from './sequence.ts';
export { seededRandom, type Random } from '../common/random.ts';
export type { Clock, TimerHandle } from '../common/clock.ts';
