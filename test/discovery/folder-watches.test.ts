import { mkdir, rename } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { FolderWatches } from '../../src/discovery/folder-watches.ts';
import { until } from '../mesh/http-services.ts';
import { TempFolder } from './temp-folder.ts';

// What the operating system really tells.

let events = 0;
let watches: FolderWatches | undefined;
afterEach(() => watches?.close());

function watch(...folders: Parameters<FolderWatches['sync']>[0]): FolderWatches {
  watches?.close();
  events = 0;
  watches = new FolderWatches(() => events++);
  watches.sync(folders);
  return watches;
}

/** Whether something is heard of `act`. */
async function isHeard(act: () => Promise<unknown>): Promise<boolean> {
  await quiet();
  const before = events;
  await act();
  return until(() => events > before, 'an event', 500).then(() => true, () => false);
}

/** What happened before may still be on its way. */
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

describe('watched folders', () => {
  it('tell of what is written, made and removed in them, and of nothing else', async () => {
    await using folder = await TempFolder.with({ 'a.yaml': 'x', 'sub/b.yaml': 'x' });
    watch({ path: folder.path, id: '1' });

    expect(await isHeard(() => folder.write('a.yaml', 'y'))).toBe(true);
    expect(await isHeard(() => folder.replace('a.yaml', 'z'))).toBe(true);
    expect(await isHeard(() => folder.remove('a.yaml'))).toBe(true);
    expect(await isHeard(() => folder.write('sub/b.yaml', 'y'))).toBe(false);
    watch({ path: folder.path, id: '1' }, { path: folder.at('sub'), id: '2' });
    expect(await isHeard(() => folder.write('sub/b.yaml', 'z'))).toBe(true);
  });

  it('tell of a single entry, where only that one matters', async () => {
    await using folder = await TempFolder.with({ 'mesh/a.yaml': 'x' });
    watch({ path: folder.path, id: '1', only: 'mesh' });

    expect(await isHeard(() => folder.write('log.txt', 'y'))).toBe(false);
    expect(await isHeard(() => folder.rename('mesh', 'old'))).toBe(true);
  });

  it('are watched again when they were removed and made again, whether or not that shows', async () => {
    await using folder = await TempFolder.with({ 'sub/a.yaml': 'x' });
    const target = { path: folder.at('sub'), id: 'always the same' };
    watch(target);
    expect(await isHeard(() => folder.remove('sub'))).toBe(true);
    await quiet();
    await mkdir(folder.at('sub'));
    watches!.sync([target]);

    expect(await isHeard(() => folder.write('sub/a.yaml', 'y'))).toBe(true);
  });

  it('are watched anew when another folder is in their place', async () => {
    await using folder = await TempFolder.with({ '1/a.yaml': 'x', '2/a.yaml': 'x' });
    await folder.link('current', '1');
    watch({ path: folder.at('current'), id: '1' });
    await folder.link('next', '2');
    await rename(folder.at('next'), folder.at('current'));
    expect(await isHeard(() => folder.write('2/a.yaml', 'y'))).toBe(false);
    watches!.sync([{ path: folder.at('current'), id: '2' }]);

    expect(await isHeard(() => folder.write('2/a.yaml', 'z'))).toBe(true);
  });

  it('may not be there', async () => {
    await using folder = await TempFolder.with();
    watch({ path: folder.at('none'), id: '1' });
    await mkdir(folder.at('none'));
    watches!.sync([{ path: folder.at('none'), id: '1' }]);

    expect(await isHeard(() => folder.write('none/a.yaml', 'y'))).toBe(true);
  });

  it('tell nothing once they are not wanted any more, or closed', async () => {
    await using folder = await TempFolder.with({ 'a/x.yaml': 'x', 'b/x.yaml': 'x' });
    watch({ path: folder.at('a'), id: '1' }, { path: folder.at('b'), id: '2' });
    watches!.sync([{ path: folder.at('b'), id: '2' }]);
    expect(await isHeard(() => folder.write('a/x.yaml', 'y'))).toBe(false);
    watches!.close();
    expect(await isHeard(() => folder.write('b/x.yaml', 'y'))).toBe(false);
  });
});
