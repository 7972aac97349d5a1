// Decisions about one set of rules, in a fresh process: which route, which cluster, which host; nothing is sent.
import { DECIDERS, type DeciderName } from './deciders/all.ts';
import type { DecidedCall, Table } from './deciders/decider.ts';
import { loadPackage } from './package.ts';
import { headOf } from './rules.ts';

/** What the process is started with. */
export interface DecisionTask {
  readonly decider: DeciderName;
  readonly table?: Table;
  /** CPU time to spend on each figure. */
  readonly windowMs: number;
  /** Root of the repository whose build decides. Default: this one. */
  readonly packageAt?: string;
}

/** What it found. */
export type Decisions = {
  /** One call again and again, so that all it needs is in the processor's caches: what the algorithm costs. CPU time, so that what else the machine does counts little. */
  readonly nsAgain: number;
  /** Calls spread evenly over all hosts and rules: the worst case for the caches. */
  readonly nsSpread: number;
  /** Of a spread call. */
  readonly bytesPerDecision: number;
  /** From documents to the first decision. */
  readonly compileMs: number;
};

/** A power of two. */
const CALLS = 1024;
const WARM_UP = 200_000;
/** What a slow one may take for it; code that has run for so long is compiled. */
const WARM_UP_MS = 300;
const BATCH = 2000;
/** Few enough that no collection runs meanwhile. */
const WEIGHED = 10_000;

const { decider: name, table, windowMs, packageAt } = JSON.parse(process.argv[2]!) as DecisionTask;
const { seededRandom } = await loadPackage(packageAt);
const random = seededRandom(1);

/** A call of a rule, or of Bookinfo's user 0 or 1, and the name of the rule that it should meet. */
function callOf(host: number, rule: number): { call: DecidedCall; expected: string } {
  const head =
    table === undefined
      ? { authority: 'reviews:9080', path: '/reviews/42?full=1', headers: ['accept', 'application/json', 'user-agent', 'benchmark', 'end-user', rule === 0 ? 'jason' : 'jim'] }
      : headOf({ host, rule });
  // Through JSON and back, because strings pieced together at run time are slower to read than those of a program's text.
  return { call: JSON.parse(JSON.stringify({ method: 'GET', scheme: 'http', port: 9080, ...head })) as DecidedCall, expected: table === undefined ? '' : String(rule) };
}

const { hosts, rulesPerHost } = table ?? { hosts: 1, rulesPerHost: 2 };
const spread = Array.from({ length: CALLS }, () => callOf(Math.floor(random() * hosts), Math.floor(random() * rulesPerHost)));
const one = callOf(hosts >> 1, rulesPerHost >> 1);

const start = performance.now();
const decider = await DECIDERS[name](table, packageAt);
decider.decide(one.call);
const compileMs = performance.now() - start;
for (const { call, expected } of [one, ...spread]) {
  const met = decider.decide(call);
  if (met !== expected) throw new Error(`${call.authority}${call.path} meets ${met}, not ${expected}`);
}

/** Decides until as many decisions are made or so much CPU time is spent, and gives both. */
function decideUntil(calls: readonly DecidedCall[], atMost: number, atMostMs: number): { made: number; cpuUs: number } {
  let made = 0;
  let cpuUs = 0;
  const begun = process.cpuUsage();
  while (made < atMost && cpuUs < atMostMs * 1000) {
    for (let i = 0; i < BATCH; i++) decider.decide(calls[made++ & (CALLS - 1)]!);
    const { user, system } = process.cpuUsage(begun);
    cpuUs = user + system;
  }
  return { made, cpuUs };
}

/** CPU time of a decision, in nanoseconds. */
function measure(calls: readonly DecidedCall[]): number {
  decideUntil(calls, WARM_UP, WARM_UP_MS);
  const { made, cpuUs } = decideUntil(calls, Infinity, windowMs);
  return (cpuUs * 1000) / made;
}

/** Bytes that a decision leaves to the garbage collector. */
function bytesOf(calls: readonly DecidedCall[]): number {
  const samples = Array.from({ length: 5 }, () => {
    globalThis.gc!();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < WEIGHED; i++) decider.decide(calls[i & (CALLS - 1)]!);
    return (process.memoryUsage().heapUsed - before) / WEIGHED;
  });
  return Math.max(0, samples.toSorted((a, b) => a - b)[2]!);
}

const spreadCalls = spread.map(({ call }) => call);
// The spread calls first: code that has seen one call alone would be compiled for that one.
const nsSpread = measure(spreadCalls);
const nsAgain = measure(Array.from({ length: CALLS }, () => one.call));
const result: Decisions = { nsAgain, nsSpread, bytesPerDecision: bytesOf(spreadCalls), compileMs };
process.send!(result, () => process.disconnect());
await decider.close();
