import { stat, utimes } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { FileCache, type ReadFile } from '../../src/discovery/file-cache.ts';
import { scanPath } from '../../src/discovery/scan-path.ts';
import { TempFolder } from './temp-folder.ts';

/** A cache of texts in capitals that tells what it parsed. */
function capitals(): { parsed: string[]; cache: FileCache<string>; read(folder: TempFolder): Promise<ReadFile<string>[]> } {
  const parsed: string[] = [];
  const cache = new FileCache(async (text) => {
    parsed.push(text);
    return text.toUpperCase();
  });
  return { parsed, cache, read: async (folder) => cache.read((await scanPath(folder.path)).files) };
}

/** As if the file had been written an hour ago. Only the time of change stays. */
const age = (path: string): Promise<void> => utimes(path, Date.now() / 1000 - 3600, Date.now() / 1000 - 3600);

describe('FileCache', () => {
  it('parses what has another content, and nothing else', async () => {
    await using folder = await TempFolder.with({ 'a.yaml': 'a', 'b.yaml': 'b' });
    const { parsed, read } = capitals();

    const before = await read(folder);
    await folder.write('b.yaml', 'c');
    await folder.replace('a.yaml', 'a');
    const after = await read(folder);

    expect(before.map(({ value }) => value)).toEqual(['A', 'B']);
    expect(after.map(({ value }) => value)).toEqual(['A', 'C']);
    expect(parsed).toEqual(['a', 'b', 'c']);
    expect(after[0]!.hash).toBe(before[0]!.hash);
    expect(after[1]!.hash).not.toBe(before[1]!.hash);
  });

  it('looks again at files that were written just now, since their stamps need not tell', async () => {
    await using folder = await TempFolder.with({ 'a.yaml': 'a' });
    const { cache } = capitals();
    const { files } = await scanPath(folder.path);
    await cache.read(files);
    expect(cache.isDoubtful).toBe(true);

    await folder.write('a.yaml', 'b');
    // The old stamp, as if the clock of the file system had not ticked.
    expect((await cache.read(files)).map(({ value }) => value)).toEqual(['B']);
  });

  it('trusts the stamps of files that have rested, and does not open them', async () => {
    await using folder = await TempFolder.with({ 'a.yaml': 'a' });
    const { cache } = capitals();
    const [found] = (await scanPath(folder.path)).files;
    const rested = { ...found!, stamp: { ...found!.stamp, mtimeMs: 0, ctimeMs: 0 } };
    await cache.read([rested]);
    expect(cache.isDoubtful).toBe(false);

    await folder.remove('a.yaml');
    expect((await cache.read([rested])).map(({ value }) => value)).toEqual(['A']);
  });

  it('leaves out what vanished since it was found, and forgets what is gone', async () => {
    await using folder = await TempFolder.with({ 'a.yaml': 'a', 'b.yaml': 'b' });
    const { parsed, cache, read } = capitals();
    const { files } = await scanPath(folder.path);
    await folder.remove('a.yaml');

    expect((await cache.read(files)).map(({ file }) => file)).toEqual([folder.at('b.yaml')]);
    await folder.remove('b.yaml');
    expect(await read(folder)).toEqual([]);
    await folder.write('b.yaml', 'b');
    await read(folder);
    expect(parsed).toEqual(['b', 'b']);
  });

  it('tells what it can not read, and tries again each time', async () => {
    await using folder = await TempFolder.with({ 'sub/a.yaml': 'a' });
    const { cache } = capitals();
    const asFile = { file: 'rules.yaml', path: folder.at('sub'), stamp: { size: 1, mtimeMs: 0, ctimeMs: 0, ino: 1 } };

    expect(await cache.read([asFile])).toMatchObject([{ file: 'rules.yaml', issue: { severity: 'error', code: 'ERR_UNREADABLE', message: expect.stringContaining('EISDIR') as string } }]);
    expect(cache.isDoubtful).toBe(true);
    await folder.remove('sub');
    await folder.write('sub', 'mended');
    expect(await cache.read([asFile])).toMatchObject([{ value: 'MENDED' }]);
  });

  it('does not even read what is far too large', async () => {
    const { cache } = capitals();
    const huge = { file: 'huge.yaml', path: '/nowhere', stamp: { size: 1e9, mtimeMs: 0, ctimeMs: 0, ino: 1 } };

    expect(await cache.read([huge])).toMatchObject([{ issue: { severity: 'error', code: 'ERR_TOO_LARGE' } }]);
  });

  it('opens thousands of files, not all at once', { timeout: 30_000 }, async () => {
    await using folder = await TempFolder.with(Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`${i}.yaml`, `${i}`])));
    const { read } = capitals();

    expect(await read(folder)).toHaveLength(3000);
  });

  it('knows a content by what it is, not by its age', async () => {
    await using folder = await TempFolder.with({ 'a.yaml': 'a' });
    const { parsed, read } = capitals();
    await read(folder);
    await age(folder.at('a.yaml'));
    expect((await stat(folder.at('a.yaml'))).mtimeMs).toBeLessThan(Date.now() - 3_000_000);
    await read(folder);

    expect(parsed).toEqual(['a']);
  });
});
