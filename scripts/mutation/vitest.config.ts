import { defineConfig } from 'vitest/config';
import { FOLDERS, isFolder } from './folders.ts';

const folder = process.env['MUTATION_FOLDER'];
if (!isFolder(folder)) throw new Error(`MUTATION_FOLDER must be one of ${Object.keys(FOLDERS).join(', ')}, got ${folder}`);

export default defineConfig({
  test: {
    include: [...FOLDERS[folder]],
    setupFiles: ['scripts/mutation/setup.ts'],
    // The first run counts every step: what takes 0.2 s takes half a minute there.
    testTimeout: 120_000,
    // Tests of pure code leave nothing behind, and a worker for every file would cost more than the tests.
    isolate: false,
  },
});
