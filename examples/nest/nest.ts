// Three services in Nest that hand on who asks, the trace and the time that is left: `node examples/nest/nest.ts`.
// Node runs TypeScript, but no decorators; the compiler takes them away here, as Nest's command line does in your project.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const compilerOptions: ts.CompilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, experimentalDecorators: true, inlineSourceMap: true };
registerHooks({
  load(url, context, next) {
    if (!url.startsWith(import.meta.resolve('./'))) return next(url, context);
    const source = ts.transpileModule(readFileSync(fileURLToPath(url), 'utf8'), { fileName: url, compilerOptions }).outputText;
    return { format: 'module', source, shortCircuit: true };
  },
});

await import('./main.ts');
