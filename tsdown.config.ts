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

export default defineConfig([
  { ...shared, format: 'esm', clean: true },
  // A program, not a library: nobody requires it.
  { ...shared, entry: { cli: 'src/cli/main.ts' }, dts: false, format: 'esm', clean: false },
  // Jest can't `require` a package that is ESM only, so those travel inside our CJS files.
  { ...shared, format: 'cjs', clean: false, deps: { alwaysBundle: ['p-limit', 'yocto-queue'] } },
]);
