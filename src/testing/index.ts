/**
 * What tests of rules need: reproducible chance, time that a test moves, services without sockets.
 *
 * @packageDocumentation
 */
export { MemoryService, type ServiceAnswer, type ServiceRequest } from './memory-service.ts';
export { sequence } from './sequence.ts';
export { VirtualClock } from './virtual-clock.ts';
export { seededRandom, type Random } from '../common/random.ts';
export type { Clock, TimerHandle } from '../common/clock.ts';
