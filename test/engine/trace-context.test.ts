import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/common/random.ts';
import { randomUuid } from '../../src/engine/random-ids.ts';
import { startSpan } from '../../src/engine/trace-context.ts';

const asRecord = (headers: readonly string[]): Record<string, string> => {
  const record: Record<string, string> = {};
  for (let i = 0; i < headers.length; i += 2) record[headers[i]!] = headers[i + 1]!;
  return record;
};

const started = (headers: string[], percent = 100, random = seededRandom(1)): Record<string, string> => {
  startSpan(headers, percent, random);
  return asRecord(headers);
};

describe('startSpan', () => {
  it('begins a trace where there is none', () => {
    expect(started(['a', 'b'])).toEqual({
      a: 'b',
      'x-b3-traceid': expect.stringMatching(/^[0-9a-f]{32}$/),
      'x-b3-spanid': expect.stringMatching(/^[0-9a-f]{16}$/),
      'x-b3-sampled': '1',
    });
  });

  it('goes on with the caller\'s trace: a new span under its own, the decision to sample is the caller\'s', () => {
    const before = { 'x-b3-traceid': '0123456789abcdef', 'x-b3-spanid': '00000000000000aa', 'x-b3-sampled': '0' };

    const after = started(Object.entries(before).flat());

    expect(after).toEqual({ ...before, 'x-b3-spanid': expect.stringMatching(/^[0-9a-f]{16}$/), 'x-b3-parentspanid': '00000000000000aa' });
    expect(after['x-b3-spanid']).not.toBe(before['x-b3-spanid']);
  });

  it('replaces the parent of a caller that had one', () => {
    const after = started(['x-b3-traceid', '1', 'x-b3-spanid', '2', 'x-b3-parentspanid', '3']);

    expect(after['x-b3-parentspanid']).toBe('2');
    expect(Object.keys(after)).toHaveLength(3);
  });

  it.each([
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['b3', '80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1'],
  ])('leaves a caller alone that speaks only %s', (name, value) => {
    expect(started([name, value])).toEqual({ [name]: value });
  });

  it('samples the share that it is told', () => {
    const random = seededRandom(3);
    const sampled = Array.from({ length: 2000 }, () => started([], 25, random)['x-b3-sampled']).filter((one) => one === '1').length;

    expect(sampled).toBeGreaterThan(420);
    expect(sampled).toBeLessThan(580);
    expect(Array.from({ length: 100 }, () => started([], 0, random)['x-b3-sampled'])).not.toContain('1');
  });
});

describe('randomUuid', () => {
  it('is of version 4, another each time, and the same for the same seed', () => {
    const random = seededRandom(5);
    const ids = Array.from({ length: 1000 }, () => randomUuid(random));

    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(1000);
    expect(randomUuid(seededRandom(5))).toBe(ids[0]);
  });

  it('is whole also at the ends of chance', () => {
    expect(randomUuid(() => 0)).toBe('00000000-0000-4000-8000-000000000000');
    expect(randomUuid(() => 1 - Number.EPSILON)).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
  });
});
