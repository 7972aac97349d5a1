import { ABORT, CORS, DELAY, MIRROR, ORIGIN, PREFLIGHT, SPLIT, times, TO_ALL, TO_V1, type Case } from '../case.ts';

const BOTH = 'fault: {delay: {fixedDelay: 2s, percentage: {value: 100}}, abort: {httpStatus: 418, percentage: {value: 100}}}';
const ABORTED = { status: 418, flags: 'FI', attempts: 0, body: 'fault filter abort', details: 'fault_filter_abort' };
const OK_LATE = { status: 200, flags: 'DI', attempts: 1, overAtMs: 2000 };

/** Faults come first, before CORS and before the router: what comes later does not know of them. */
export const FAULTS: readonly Case[] = [
  { pair: ['delay', 'abort'], rule: 'the delay comes first, the abort after it; both flags', http: [`${BOTH}, ${TO_V1}`],
    outcomes: [{ ...ABORTED, flags: 'DI,FI', overAtMs: 2000 }], stats: { 'fault.delays_injected': 1, 'fault.aborts_injected': 1 } },
  { pair: ['delay', 'abort'], rule: 'each is drawn for itself', draws: [0.9, 0.1],
    http: [`fault: {delay: {fixedDelay: 2s, percentage: {value: 50}}, abort: {httpStatus: 418, percentage: {value: 50}}}, ${TO_V1}`],
    // Draws go to the request id first; what matters is that one of the two is taken and the other not.
    calls: times(4), outcomes: times(4).map(() => ({ overAtMs: expect0or2000() })), seen: {} },
];
