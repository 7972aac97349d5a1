import { describe, expect, it } from 'vitest';
import { createMesh, type MeshError } from '../../src/index.ts';
import { TempFolder } from '../discovery/temp-folder.ts';
import { until } from './http-services.ts';
import { answers, QUICK, SERVICES, WatchedMesh } from './watched-mesh.ts';

const NONE = 503;

describe('an edit with an error', () => {
  it('changes nothing, says where, and is over when it is mended', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201), 'b.yaml': answers('b', 202) });
    const { snapshot } = it.mesh;

    await it.folder.write('a.yaml', answers('a', 211).replace('status: 211', 'status: abc'));

    const error = await it.error();
    expect(error).toMatchObject({ code: 'ERR_INVALID_CONFIG', issues: [{ severity: 'error', file: it.folder.at('a.yaml'), line: 7, column: 36, path: 'spec.http[0].directResponse.status' }] });
    expect(error.message).toContain(`${it.folder.at('a.yaml')}:7:36`);
    expect(it.mesh.configError).toBe(error);
    expect(it.mesh.snapshot).toBe(snapshot);
    expect(await it.statuses()).toEqual([201, 202, NONE, NONE]);

    await it.folder.write('a.yaml', answers('a', 221));
    expect(await it.change()).toMatchObject({ updated: ['VirtualService default/a'], files: [it.folder.at('a.yaml')] });
    expect(it.mesh.configError).toBeUndefined();
    expect(await it.statuses()).toEqual([221, 202, NONE, NONE]);
  });

  it('is over, too, when it is taken back', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201) });
    const { version } = it.mesh.snapshot;
    await it.folder.write('a.yaml', 'kind: [');
    await it.error();
    await it.folder.write('a.yaml', answers('a', 201));

    expect(await it.change()).toMatchObject({ changed: [], files: [it.folder.at('a.yaml')] });
    expect(it.mesh.configError).toBeUndefined();
    expect(it.mesh.snapshot.version - version).toBeLessThanOrEqual(1);
  });

  it('holds up the edits of other files, which are told with it, and come into force with the one that mends it', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201), 'b.yaml': answers('b', 202) });
    await it.folder.write('a.yaml', 'kind: [');
    await it.error();
    await it.folder.write('b.yaml', answers('b', 212));
    expect(await it.error()).toMatchObject({ issues: [{ file: it.folder.at('a.yaml') }] });
    expect(await it.statuses()).toEqual([201, 202, NONE, NONE]);
    await it.folder.remove('a.yaml');

    const change = await it.change();
    expect(it.files(change)).toEqual(['a.yaml', 'b.yaml']);
    expect(change).toMatchObject({ updated: ['VirtualService default/b'], deleted: ['VirtualService default/a'] });
    expect(await it.statuses()).toEqual([NONE, 212, NONE, NONE]);
  });

  it.each([
    ['cut off in the middle', `${answers('a', 211)}---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: b`, 'ERR_YAML'],
    ['no text', '\0\0\0', 'ERR_BINARY'],
    ['no resource', '- 1\n- 2\n', 'ERR_NOT_A_RESOURCE'],
  ])('of a file that is %s', async (_what, text, code) => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201) });
    await it.folder.write('a.yaml', text);

    expect(await it.error()).toMatchObject({ issues: [{ code }] });
    expect(await it.statuses()).toEqual([201, NONE, NONE, NONE]);
  });

  it('of a link that leads nowhere', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201) });
    await it.folder.link('b.yaml', 'nowhere');
    expect(await it.error()).toMatchObject({ issues: [{ code: 'ERR_UNREADABLE', file: it.folder.at('b.yaml') }] });

    await it.folder.write('nowhere', answers('b', 202));
    await it.change();
    expect(await it.statuses()).toEqual([201, 202, NONE, NONE]);
  });

  it('leaves apply and delete to work on what is in force', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201) });
    await it.folder.write('a.yaml', 'kind: [');
    const error = await it.error();

    await it.mesh.apply(answers('c', 203));
    await it.mesh.delete('vs/a');

    expect(await it.statuses()).toEqual([NONE, NONE, 203, NONE]);
    expect(it.mesh.configError).toBe(error);
  });
});

describe('a resource that two files declare', () => {
  it('is told with both places, and no more when one of them is gone', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': answers('a', 201) });
    await it.folder.write('z.yaml', `# Twice\n${answers('a', 211)}`);

    const duplicate = { code: 'WARN_DUPLICATE', file: it.folder.at('z.yaml'), line: 3, message: `replaces the VirtualService default/a of ${it.folder.at('a.yaml')}:2` };
    expect(await it.change()).toMatchObject({ updated: ['VirtualService default/a'], warnings: [duplicate] });
    expect(it.mesh.warnings).toMatchObject([duplicate]);
    expect(await it.status('a')).toBe(211);

    // The other of the two is edited: the same is told of it.
    await it.folder.write('a.yaml', answers('a', 221));
    expect(await it.change()).toMatchObject({ changed: [], warnings: [duplicate] });
    await it.folder.remove('z.yaml');
    expect(await it.change()).toMatchObject({ updated: ['VirtualService default/a'], warnings: [] });
    expect(it.mesh.warnings).toEqual([]);
    expect(await it.status('a')).toBe(221);
  });
});

describe('warnings about files', () => {
  const MISTYPED = answers('a', 201).replace('hosts:', 'hsots: [x]\n  hosts:');

  it('are those of the files as they are in force', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': MISTYPED });
    const codes = (): string[] => it.mesh.warnings.map(({ code, line }) => `${code} ${line}`);
    expect(codes()).toEqual(['WARN_UNKNOWN_FIELD 6']);

    await it.folder.write('b.yaml', answers('b', 202));
    // Only what is edited is told of again.
    expect(await it.change()).toMatchObject({ warnings: [] });
    await it.folder.write('a.yaml', `\n${MISTYPED}`);
    expect(await it.change()).toMatchObject({ warnings: [{ line: 7 }] });
    expect(codes()).toEqual(['WARN_UNKNOWN_FIELD 7']);
    await it.folder.write('a.yaml', answers('a', 201));
    await it.change();
    expect(codes()).toEqual([]);
  });

  it('are silent about a resource that code replaced or deleted', async () => {
    await using it = await WatchedMesh.on({ 'a.yaml': MISTYPED });
    await it.mesh.apply(answers('a', 211));
    expect(it.mesh.warnings).toEqual([]);
    await it.mesh.apply({ text: MISTYPED, file: 'code' });
    expect(it.mesh.warnings).toMatchObject([{ file: 'code' }]);
    await it.folder.write('a.yaml', answers('a', 221));
    await it.change();
    await it.change();
    await it.change();

    expect(it.mesh.warnings).toEqual([]);
  });
});

describe('an edit with an error, of which nobody wants to hear,', () => {
  it('is a process warning, once for each problem', async () => {
    const warnings: (Error & { code?: string })[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on('warning', hear);
    try {
      await using folder = await TempFolder.with({ 'a.yaml': answers('a', 201), 'b.yaml': '' });
      await using mesh = await createMesh({ config: [SERVICES, folder.path], watch: QUICK });
      const failed = async (text: string, file = 'a.yaml'): Promise<void> => {
        const before: MeshError | undefined = mesh.configError;
        await folder.write(file, text);
        await until(() => mesh.configError !== before, 'the edit is looked at');
        await new Promise((resolve) => setImmediate(resolve));
      };

      await failed('kind: [');
      // Another file, with a warning of its own; the problem is the same.
      await failed(answers('b', 202).replace('hosts:', 'hsots: [x]\n  hosts:'), 'b.yaml');
      expect(warnings).toMatchObject([{ name: 'MeshWarning', code: 'ERR_INVALID_CONFIG', message: expect.stringContaining(`${folder.at('a.yaml')}:1:8`) as string }]);
      await failed('kind: {');
      expect(warnings).toHaveLength(2);
      await failed(answers('a', 201));
      expect(mesh.configError).toBeUndefined();
      await failed('kind: {');
      expect(warnings).toHaveLength(3);
    } finally {
      process.off('warning', hear);
    }
  });
});
