import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EndedConnections } from './ended-connections.ts';
import type { ConnectionFacts } from './outcome.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function facts(endpoint: string): ConnectionFacts {
  return { flags: '-', details: null, cluster: null, route: null, endpoint };
}

describe('EndedConnections', () => {
  it('gives those after the mark as soon as they are there', async () => {
    const ended = new EndedConnections();
    ended.add(facts('old'));
    const since = ended.since(ended.count, 2);
    ended.add(facts('a'));
    ended.add(facts('b'));

    expect(await since).toMatchObject([{ endpoint: 'a' }, { endpoint: 'b' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hides no connection too many', async () => {
    const ended = new EndedConnections();
    ended.add(facts('a'));
    ended.add(facts('b'));

    expect(await ended.since(0, 1)).toHaveLength(2);
  });

  it('does not wait for ever', async () => {
    const ended = new EndedConnections();
    const since = ended.since(0, 2);
    ended.add(facts('a'));
    await vi.advanceTimersByTimeAsync(1_000);

    expect(await since).toHaveLength(1);
  });
});
