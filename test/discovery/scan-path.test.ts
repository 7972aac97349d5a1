import { mkdir } from 'node:fs/promises';
import { relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanPath } from '../../src/discovery/scan-path.ts';
import { TempFolder } from './temp-folder.ts';

/** What a scan of the folder finds, by names in it. */
async function found(folder: TempFolder, path = folder.path): Promise<{ files: string[]; folders: string[]; issues: string[] }> {
  const { files, folders, issues } = await scanPath(path);
  const name = (full: string): string => relative(folder.path, full);
  return {
    files: files.map(({ file }) => name(file)),
    folders: folders.map((one) => name(one.path) + (one.only === undefined ? '' : ` (${one.only})`)).sort(),
    issues: issues.map(({ code, file, message }) => `${code} ${name(file)}: ${message}`),
  };
}

describe('scanPath finds', () => {
  it('the rules of a folder and its subfolders in alphabetical order, and the folders to be watched', async () => {
    await using folder = await TempFolder.with({ 'b.yml': '', 'a/z.json': '', 'a.yaml': '', 'a/b/c.yaml': '', 'a-b.yaml': '', 'notes.txt': '', 'old.yaml~': '', 'README': '' });

    expect(await found(folder)).toEqual({
      files: ['a-b.yaml', 'a.yaml', 'a/b/c.yaml', 'a/z.json', 'b.yml'],
      folders: ['', '.. (mesh)', 'a', 'a/b'],
      issues: [],
    });
  });

  it('nothing with a hidden name', async () => {
    await using folder = await TempFolder.with({ '.a.yaml': '', '.git/b.yaml': '', '..2026/c.yaml': '', 'sub/.d.yaml': '' });
    await folder.link('.#a.yaml', 'me@host.123');

    expect(await found(folder)).toMatchObject({ files: [], folders: ['', '.. (mesh)', 'sub'], issues: [expect.stringContaining('WARN_EMPTY')] });
  });

  it('what a mounted ConfigMap holds, once, also in subfolders', async () => {
    await using folder = await TempFolder.with();
    await folder.mountConfigMap('2026_01', { 'a.yaml': '', 'sub/b.yaml': '' });

    expect(await found(folder)).toEqual({ files: ['a.yaml', 'sub/b.yaml'], folders: ['', '.. (mesh)', 'sub'], issues: [] });
  });

  it('an end of links that lead in circles', async () => {
    await using folder = await TempFolder.with({ 'a/x.yaml': '' });
    await folder.link('a/up', '..');
    await folder.link('a/self.yaml', 'self.yaml');

    expect(await found(folder)).toMatchObject({ files: ['a/x.yaml'], issues: [expect.stringMatching(/^ERR_UNREADABLE a\/self.yaml: can't be read: ELOOP/)] });
  });

  it('links that lead nowhere', async () => {
    await using folder = await TempFolder.with({ 'a.yaml': '' });
    await folder.link('b.yaml', 'nowhere');
    await folder.link('c', 'nowhere');

    expect(await found(folder)).toMatchObject({ files: ['a.yaml'], issues: ["ERR_UNREADABLE b.yaml: can't be read: the link leads nowhere"] });
  });

  it('no folder that is called like a file, but what is in it', async () => {
    await using folder = await TempFolder.with({ 'a.yaml/b.yaml': '' });

    expect(await found(folder)).toMatchObject({ files: ['a.yaml/b.yaml'] });
  });

  it('one file, of any name, also through links', async () => {
    await using folder = await TempFolder.with({ 'rules.conf': '' });
    await folder.link('rules', 'rules.conf');

    for (const name of ['rules.conf', 'rules']) expect(await found(folder, folder.at(name))).toEqual({ files: [name], folders: [''], issues: [] });
  });

  it.each(['none', 'none/deeper', 'a.yaml/none'])('nothing at %s', async (name) => {
    await using folder = await TempFolder.with({ 'a.yaml': '' });

    const issues = [`ERR_UNREADABLE ${name}: there is no such file or folder`];
    expect(await found(folder, folder.at(name))).toMatchObject({ files: [], issues });
  });

  it('a stamp for each file that stays, and an id for each folder that is another when it is made again', async () => {
    await using folder = await TempFolder.with({ 'sub/a.yaml': 'x' });
    const [before, same] = [await scanPath(folder.path), await scanPath(folder.path)];
    await folder.remove('sub');
    await mkdir(folder.at('other'));
    await folder.write('sub/a.yaml', 'x');
    const after = await scanPath(folder.path);

    const idOf = ({ folders }: typeof before): string | undefined => folders.find(({ path }) => path.endsWith('sub'))?.id;
    expect(same).toEqual(before);
    expect(idOf(after)).not.toBe(idOf(before));
    expect(after.files[0]!.stamp).not.toEqual(before.files[0]!.stamp);
  });

  it('thousands of files without opening too many', { timeout: 30_000 }, async () => {
    await using folder = await TempFolder.with(Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`${i % 10}/${i}.yaml`, 'x'])));

    expect((await scanPath(folder.path)).files).toHaveLength(3000);
  });
});
