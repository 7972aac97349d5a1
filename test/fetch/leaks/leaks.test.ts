import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const probe = fileURLToPath(new URL('probe.ts', import.meta.url));
let left: Record<string, unknown>;

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--no-warnings', probe], { timeout: 60_000 });
  left = JSON.parse(stdout) as Record<string, unknown>;
}, 60_000);

describe('a connection is released by', () => {
  it.each([
    'an unread large body',
    'an unread body that never ends',
    'an unread body whose stream was looked at',
    'a half-read body',
    'a half-read body that never ends',
    'a loop that breaks off',
    'a clone and its original',
    'an unread compressed body',
    'an unread body after a redirect',
    'an aborted body',
    'a cancelled body',
    'an unread small body',
  ])('%s', (name) => {
    expect(left[name]).toBe(true);
  });
});

describe('garbage collection', () => {
  it('takes a response whose connection is busy', () => {
    expect(left['a response is collected while its connection is busy']).toBe(true);
  });

  it.each(['a text that is waited for survives its response', 'a loop over a body survives its response', 'a clone survives its original'])(
    'spares what is still read: %s',
    (name) => {
      expect(left[name]).toBe('one two');
    },
  );
});

describe('nothing is left', () => {
  it.each([
    ['listeners of a shared signal, bodies read', 0],
    ['listeners of a shared signal, bodies unread', true],
    ['listeners of a shared signal, calls that fail', 0],
    ['listeners of a signal that fired', 0],
    ['heap after many unread responses', true],
  ])('%s', (name, expected) => {
    expect(left[name]).toBe(expected);
  });

  it('of sockets and timers', () => {
    expect(left.resources).toEqual([]);
  });
});
