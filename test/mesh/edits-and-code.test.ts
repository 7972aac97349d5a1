import { expect, it } from 'vitest';
import { answers, WatchedMesh } from './watched-mesh.ts';

// Who speaks last decides: files by an edit, code by apply and delete.

const NONE = 503;
const FILES = { 'a.yaml': answers('a', 201), 'b.yaml': answers('b', 202) };

it('what code applied stays when other files are edited', async () => {
  await using it = await WatchedMesh.on(FILES);
  await it.mesh.apply(answers('a', 211));
  await it.change();
  await it.mesh.apply(answers('c', 213));
  await it.change();
  await it.folder.write('b.yaml', answers('b', 212));

  expect(await it.change()).toMatchObject({ changed: ['VirtualService default/b'] });
  expect(await it.statuses()).toEqual([211, 212, 213, NONE]);
});

it('what code applied stays when another resource of the same file is edited', async () => {
  await using it = await WatchedMesh.on({ 'all.yaml': `${answers('a', 201)}---${answers('b', 202)}` });
  await it.mesh.apply(answers('b', 212));
  await it.change();
  await it.folder.write('all.yaml', `${answers('a', 221)}---${answers('b', 202)}`);
  await it.change();

  expect(await it.statuses()).toEqual([221, 212, NONE, NONE]);
});

it('an edit of the resource itself takes the place of what code applied', async () => {
  await using it = await WatchedMesh.on(FILES);
  await it.mesh.apply(`${answers('a', 211)}---${answers('c', 213)}`);
  await it.change();
  await it.folder.write('a.yaml', answers('a', 221));
  await it.change();
  await it.folder.write('c.yaml', answers('c', 223));
  await it.change();

  expect(await it.statuses()).toEqual([221, 202, 223, NONE]);
});

it('what code applied outlives the file', async () => {
  await using it = await WatchedMesh.on(FILES);
  await it.mesh.apply(answers('a', 211));
  await it.change();
  await it.folder.remove('a.yaml');

  expect(await it.change()).toMatchObject({ changed: [], files: [it.folder.at('a.yaml')] });
  expect(await it.statuses()).toEqual([211, 202, NONE, NONE]);
});

it('what code deleted stays away until it is edited in its file', async () => {
  await using it = await WatchedMesh.on(FILES);
  await it.mesh.delete('vs/a');
  await it.change();
  await it.folder.write('b.yaml', answers('b', 212));
  await it.change();
  expect(await it.statuses()).toEqual([NONE, 212, NONE, NONE]);
  await it.folder.write('a.yaml', answers('a', 221));

  expect(await it.change()).toMatchObject({ added: ['VirtualService default/a'] });
  expect(await it.statuses()).toEqual([221, 212, NONE, NONE]);
});
