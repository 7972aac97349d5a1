import { mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatStamp, isDoubtful, stampOf } from '../../src/discovery/file-stamp.ts';
import { until } from '../mesh/http-services.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ts-mesh-'));
});
afterAll(() => rm(folder, { recursive: true }));

const stampAt = async (path: string): Promise<string> => formatStamp(stampOf(await stat(path)));

describe('a stamp', () => {
  it.each<[string, (path: string) => Promise<void>]>([
    ['another length', (path) => writeFile(path, 'more text')],
    ['the same length', (path) => writeFile(path, 'tixt')],
    ['a modification time that was set back', async (path) => {
      await writeFile(path, 'tixt');
      await utimes(path, 1e9, 1e9);
    }],
    ['a file put in its place', async (path) => {
      await writeFile(`${path}.new`, 'text');
      await utimes(`${path}.new`, 1e9, 1e9);
      await rename(`${path}.new`, path);
    }],
  ])('tells %s', async (what, change) => {
    const path = join(folder, `${what}.yaml`);
    await writeFile(path, 'text');
    await utimes(path, 1e9, 1e9);
    const { ctimeMs } = await stat(path);
    const before = await stampAt(path);
    // The clock of the file system must have ticked, which is what doubt is about.
    await until(() => Date.now() > ctimeMs + 20, 'a tick');

    expect(await stampAt(path)).toBe(before);
    await change(path);
    expect(await stampAt(path)).not.toBe(before);
  });
});

describe('isDoubtful', () => {
  it.each([
    ['read right after it was written', { mtimeMs: 9_999, ctimeMs: 9_999 }, true],
    ['read two seconds later', { mtimeMs: 8_000, ctimeMs: 8_000 }, false],
    ['written long ago, and touched just now', { mtimeMs: 1_000, ctimeMs: 9_999 }, true],
    ['from the future', { mtimeMs: 20_000, ctimeMs: 20_000 }, true],
  ])('%s', (_what, times, doubtful) => {
    expect(isDoubtful({ size: 1, ino: 1, ...times }, 10_000)).toBe(doubtful);
  });
});
