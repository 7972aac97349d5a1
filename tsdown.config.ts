import { defineConfig } from 'tsdown';

const adapters = ['express', 'fastify', 'hono', 'nest', 'opossum'];
const entry = {
  index: 'src/index.ts',
  clients: 'src/clients/index.ts',
  gateway: 'src/gateway/index.ts',
  testing: 'src/testing/index.ts',
  ...Object.fromEntries(adapters.map((name) => [name, `src/adapters/${name}.ts`])),
};
const shared = { entry, platform: 'node' as const, target: 'node22.19', dts: true, sourcemap: true, fixedExtension: true };

/**
 * The pure core in files of its own: a bundler leaves out files that nothing is used of, but not what such a file imports while something
 * of it is used. So who takes a `FaultInjector` does not take undici along, and an adapter does not load RE2. The first group that a file
 * is in counts, for what that imports too.
 */
const outputOptions = {
  codeSplitting: {
    groups: [
      { name: 'words', test: /\/src\/(common\/|route\/(grpc|timeout-headers)\.)(?!.*\.d\.ts)/ },
      { name: 'core', test: /\/src\/(route|cluster|telemetry)\/(?!.*\.d\.ts)/ },
      // Who analyses is the program, not who imports the library.
      { name: 'config', test: /\/src\/config\/(?!analysis\/)(?!.*\.d\.ts)/ },
    ],
  },
};
const library = { ...shared, outputOptions };

// What edge runtimes and browsers get in the place of any entry.
const unsupported = { ...shared, entry: { unsupported: 'src/unsupported.ts' }, dts: false, sourcemap: false, clean: false };

export default defineConfig([
  // The program beside it, of the same chunks: nobody requires that.
  { ...library, entry: { ...entry, cli: 'src/cli/main.ts' }, format: 'esm', clean: true },
  { ...unsupported, format: ['esm', 'cjs'] },
  // Jest can't `require` a package that is ESM only, so those travel inside our CJS files.
  { ...library, format: 'cjs', clean: false, deps: { alwaysBundle: ['p-limit', 'yocto-queue'] } },
]);
