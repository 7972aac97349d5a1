import type { Duplex } from 'node:stream';

/** Runs `action` after `ms`, at once when 0, unless `owner` is gone by then. */
export function later(owner: Duplex, ms: number, action: () => void): void {
  if (ms === 0) return action();
  const timer = setTimeout(() => {
    owner.off('close', cancel);
    action();
  }, ms);
  const cancel = (): void => clearTimeout(timer);
  owner.once('close', cancel);
}
