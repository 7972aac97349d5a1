import { setImmediate } from 'node:timers';

/** What is to be done once the event loop has looked at its sockets. */
export interface AfterPoll {
  onPolled(): void;
}

let waiting: AfterPoll[] = [];

/** Calls `one.onPolled` in the check phase that comes next: one immediate of Node's for everybody. */
export function afterPoll(one: AfterPoll): void {
  if (waiting.push(one) === 1) setImmediate(tellAll);
}

function tellAll(): void {
  const told = waiting;
  waiting = [];
  let at = 0;
  try {
    for (; at < told.length; at++) told[at]!.onPolled();
  } finally {
    // Whoever threw does not take the turn of those behind it.
    for (const one of told.slice(at + 1)) afterPoll(one);
  }
}
