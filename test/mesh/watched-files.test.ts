import { describe, expect, it } from 'vitest';
import { createMesh } from '../../src/index.ts';
import { TempFolder } from '../discovery/temp-folder.ts';
import { until } from './http-services.ts';
import { answers, QUICK, SERVICES, WatchedMesh } from './watched-mesh.ts';

// Real files and what the system tells of them.

const NONE = 503;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('an edit of a watched folder', () => {
  it('is in force, and told with what changed', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201), 'b.yaml': answers('b', 202) });
    const { version } = it.mesh.snapshot;
    expect(await it.statuses()).toEqual([201, 202, NONE, NONE]);

    await it.folder.write('a.yaml', answers('a', 211));

    const change = await it.change();
    const name = 'VirtualService default/a';
    expect(change).toEqual({ version: version + 1, changed: [name], added: [], updated: [name], deleted: [], warnings: [], cause: 'watch', files: [it.folder.at('a.yaml')] });
    expect(it.mesh.snapshot.version).toBe(version + 1);
    expect(await it.statuses()).toEqual([211, 202, NONE, NONE]);
  });

  it('that is several at once comes into force as one', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201), 'b.yaml': answers('b', 202) }, { watch: { ...QUICK, debounceMs: 300 } });

    await it.folder.write('sub/deep/c.yaml', answers('c', 203));
    await it.folder.write('a.yaml', answers('a', 211));
    await it.folder.remove('b.yaml');

    const change = await it.change();
    expect(change).toMatchObject({ added: ['VirtualService default/c'], updated: ['VirtualService default/a'], deleted: ['VirtualService default/b'] });
    expect(it.files(change)).toEqual(['a.yaml', 'b.yaml', 'sub/deep/c.yaml']);
    expect(await it.statuses()).toEqual([211, NONE, 203, NONE]);
    expect(it.told).toHaveLength(1);
  });

  it('in a new subfolder is seen, and further ones there', async () => {
    await using it = await WatchedMesh.on({});
    await it.folder.write('new/a.yaml', answers('a', 201));
    await it.change();
    await it.folder.write('new/a.yaml', answers('a', 211));
    await it.change();
    await it.folder.remove('new');
    await it.change();
    await it.folder.write('new/a.yaml', answers('a', 221));
    await it.change();

    expect(await it.status('a')).toBe(221);
  });

  it('as editors make it, by another file in its place, never shows the file missing', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201) }, { watch: { ...QUICK, debounceMs: 200 } });

    await it.folder.replace('a.yaml', answers('a', 211));
    expect(await it.change()).toMatchObject({ updated: ['VirtualService default/a'], deleted: [] });
    await it.folder.rename('a.yaml', 'a.yaml~');
    await it.folder.write('a.yaml', answers('a', 221));
    await it.folder.remove('a.yaml~');
    expect(await it.change()).toMatchObject({ updated: ['VirtualService default/a'], deleted: [] });

    expect(await it.status('a')).toBe(221);
    expect(it.told).toHaveLength(2);
  });

  it('that is written in many parts is read when it is whole', async () => {
    await using it = await WatchedMesh.on({ 'all.yaml': answers('a', 201) }, { watch: { ...QUICK, debounceMs: 500 } });
    const whole = ['a', 'b', 'c', 'd'].map((host, i) => answers(host, 211 + i)).join('---');

    for (let end = 0; end <= whole.length + 50; end += 50) await it.folder.write('all.yaml', whole.slice(0, end));

    expect(await it.change()).toMatchObject({ updated: ['VirtualService default/a'], added: ['b', 'c', 'd'].map((host) => `VirtualService default/${host}`) });
    expect(await it.statuses()).toEqual([211, 212, 213, 214]);
  });

  it('that changes nothing is not told', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201), 'b.yaml': answers('b', 202) });
    const { snapshot } = it.mesh;

    await it.folder.replace('a.yaml', answers('a', 201));
    await pause(200);
    expect(it.mesh.snapshot).toBe(snapshot);
    await it.folder.write('b.yaml', answers('b', 212));

    expect(it.files(await it.change())).toEqual(['b.yaml']);
    expect(it.told).toHaveLength(1);
  });

  it('that moves a rule shows in where it is, not in what changed', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201) });

    await it.folder.write('a.yaml', `# A comment.\n${answers('a', 201)}`);

    expect(await it.change()).toMatchObject({ changed: [], files: [it.folder.at('a.yaml')] });
    expect(it.mesh.explain('http://a/').route.trials[0]?.origin).toMatchObject({ file: it.folder.at('a.yaml'), line: 8 });
  });

  it('can leave the folder empty, which is warned of', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201) });

    await it.folder.remove('a.yaml');

    expect(await it.change()).toMatchObject({ deleted: ['VirtualService default/a'] });
    expect(it.mesh.warnings).toMatchObject([{ code: 'WARN_EMPTY', file: it.folder.path }]);
    expect(await it.status('a')).toBe(NONE);
  });
});

describe('the watched folder itself', () => {
  it('may be removed and made again; its rules stay until then', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201), 'sub/b.yaml': answers('b', 202) });

    await it.folder.remove();
    expect(await it.error()).toMatchObject({ code: 'ERR_INVALID_CONFIG', issues: [{ code: 'ERR_UNREADABLE', file: it.folder.path }] });
    expect(await it.statuses()).toEqual([201, 202, NONE, NONE]);
    await it.folder.write('sub/b.yaml', answers('b', 212));

    expect(await it.change()).toMatchObject({ updated: ['VirtualService default/b'], deleted: ['VirtualService default/a'] });
    await it.folder.write('sub/b.yaml', answers('b', 222));
    await it.change();
    expect(await it.statuses()).toEqual([NONE, 222, NONE, NONE]);
  });

  it('may be a link that is turned to another folder', async () => {
    await using releases = await TempFolder.with({ '1/a.yaml': answers('a', 201), '2/a.yaml': answers('a', 202) });
    await releases.link('current', '1');
    await using mesh = await createMesh({ config: [SERVICES, releases.at('current')], watch: QUICK });
    const status = (): string => JSON.stringify(mesh.get('vs/a')[0]?.['spec']);
    expect(status()).toContain('201');

    await releases.link('next', '2');
    await releases.rename('next', 'current');

    await until(() => status().includes('202'), 'the other folder is in force');
    await releases.write('2/a.yaml', answers('a', 203));
    await until(() => status().includes('203'), 'the other folder is watched');
  });

  it('may be a single file', async () => {
    await using folder = await TempFolder.with({ 'rules.conf': answers('a', 201) });
    await using mesh = await createMesh({ config: [SERVICES, folder.at('rules.conf')], watch: QUICK });
    const files: (readonly string[])[] = [];
    mesh.on('config', (change) => files.push(change.files));

    await folder.write('other.yaml', answers('b', 202));
    await folder.replace('rules.conf', answers('a', 211));

    await until(() => files.length > 0, 'the edit is told of');
    expect(files).toEqual([[folder.at('rules.conf')]]);
    expect(mesh.get('vs').map(({ metadata }) => metadata.name)).toEqual(['a']);
  });

  it('may be several, with texts among them, whose order stays', async () => {
    await using one = await TempFolder.with({ 'z.yaml': answers('a', 201, 'first') });
    await using two = await TempFolder.with({ 'a.yaml': answers('a', 202, 'third') });
    await using mesh = await createMesh({ config: [SERVICES, one.path, answers('a', 299, 'second'), two.path], watch: QUICK });
    const names = (): string[] => mesh.get('vs').map(({ metadata }) => metadata.name);
    expect(names()).toEqual(['first', 'second', 'third']);

    await two.write('0.yaml', answers('a', 203, 'fourth'));
    await one.write('a.yaml', answers('a', 200, 'zeroth'));

    await until(() => names().length === 5, 'both edits are in force');
    expect(names()).toEqual(['zeroth', 'first', 'second', 'fourth', 'third']);
    // The oldest rule of a host decides.
    expect((await mesh.request('http://a/')).statusCode).toBe(200);
  });

  it('is the one that was meant, wherever the process goes', async () => {
    await using folder = await TempFolder.with({ 'rules/a.yaml': answers('a', 201) });
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      await using mesh = await createMesh({ config: [SERVICES, './rules'], watch: QUICK });
      process.chdir(before);
      await folder.write('rules/a.yaml', answers('a', 211));

      await until(() => JSON.stringify(mesh.get('vs')).includes('211'), 'the edit is in force');
      expect(mesh.explain('http://a/').route.trials[0]?.origin).toMatchObject({ file: 'rules/a.yaml' });
    } finally {
      process.chdir(before);
    }
  });
});

describe('a mounted ConfigMap', () => {
  const generation = (n: number): Record<string, string> => ({ 'a.yaml': answers('a', 200 + n), 'sub/b.yaml': answers('b', 200 + n) });

  it('is in force as a whole after each update', async () => {
    await using folder = await TempFolder.with();
    let before = { version: '2026_01', names: Object.keys(generation(1)) };
    await folder.mountConfigMap(before.version, generation(1));
    await using mesh = await createMesh({ config: [SERVICES, folder.path], watch: QUICK });
    const inForce = (): string[] => mesh.get('vs').map(({ spec }) => /2\d\d/.exec(JSON.stringify(spec))![0]);
    const seen: string[][] = [];
    mesh.on('config', () => seen.push(inForce()));
    mesh.on('config-error', (error) => seen.push([error.message]));

    for (let n = 2; n <= 6; n++) {
      await folder.mountConfigMap(`2026_0${n}`, generation(n), before);
      before = { version: `2026_0${n}`, names: before.names };
      await until(() => inForce().includes(`${200 + n}`), `generation ${n} is in force`);
    }

    expect(seen).toEqual([2, 3, 4, 5, 6].map((n) => [`${200 + n}`, `${200 + n}`]));
  });

  it('may get and lose files', async () => {
    await using folder = await TempFolder.with();
    await folder.mountConfigMap('1', { 'a.yaml': answers('a', 201), 'b.yaml': answers('b', 201) });
    await using mesh = await createMesh({ config: [SERVICES, folder.path], watch: QUICK });
    const changes: unknown[] = [];
    mesh.on('config', ({ added, updated, deleted }) => changes.push([added, updated, deleted]));

    await folder.mountConfigMap('2', { 'a.yaml': answers('a', 201), 'sub/c.yaml': answers('c', 202) }, { version: '1', names: ['a.yaml', 'b.yaml'] });

    await until(() => changes.length > 0, 'the update is told of');
    expect(changes).toEqual([[['VirtualService default/c'], [], ['VirtualService default/b']]]);
  });
});

describe('files are no longer watched', () => {
  it('with watch: false', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201) }, { watch: false });
    await it.folder.write('a.yaml', answers('a', 211));
    await pause(300);

    expect(await it.status('a')).toBe(201);
    expect(it.told).toEqual([]);
  });

  it('after close', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201) });
    await it.folder.write('a.yaml', 'kind: [');
    await it.mesh.close();
    const { snapshot } = it.mesh;
    await it.folder.write('a.yaml', answers('a', 211));
    await pause(300);

    expect(it.mesh.snapshot).toBe(snapshot);
    expect(it.told).toEqual([]);
  });

  it('never, when they are given to mesh.apply: they are read once', async () => {
    await using it = await WatchedMesh.on({});
    await using other = await TempFolder.with({ 'a.yaml': answers('a', 201) });
    await it.mesh.apply(other.path);
    await other.write('a.yaml', answers('a', 211));
    await pause(300);

    expect(await it.status('a')).toBe(201);
  });
});

describe('createMesh({ watch })', () => {
  it.each([{ debounceMs: 0 }, { debounceMs: Number.NaN }, { pollMs: -1 }, { pollMs: 1e9 }, { debounceMs: '5' }])('refuses %j', async (watch) => {
    await expect(createMesh({ config: SERVICES, watch: watch as never })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(/^watch\.\w+ must be a number of milliseconds from 1/) as string });
  });

  it('looks by itself as often as it says, where the system tells nothing', async () => {
    await using it = await WatchedMesh.on({ 'x.yaml': SERVICES }, { watch: { debounceMs: 20, pollMs: 50 } });
    // The file is a link into a folder that nobody watches.
    await using elsewhere = await TempFolder.with({ 'a.yaml': answers('a', 201) });
    await it.folder.link('a.yaml', elsewhere.at('a.yaml'));
    await it.change();

    await elsewhere.write('a.yaml', answers('a', 211));
    await it.change();

    expect(await it.status('a')).toBe(211);
  });
});
