// What the types of a build promise, as text: one declaration after the other, without comments, in an order that does not depend on files.
import { basename, join } from 'node:path';
import ts from 'typescript';

/**
 * The exports of each entry with their declarations, and below them the types that these name but that are not exported, which callers meet all the same.
 *
 * @param dist - the folder with the `.d.mts` files
 * @param entries - names of entries, `index` the first: what it exports is not repeated in the others
 */
export function publishedApi(dist: string, entries: readonly string[]): ReadonlyMap<string, string> {
  const files = entries.map((entry) => join(dist, `${entry}.d.mts`));
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    noEmit: true,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const resolved = (symbol: ts.Symbol): ts.Symbol => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const ours = (symbol: ts.Symbol): readonly ts.Declaration[] => (symbol.declarations ?? []).filter((node) => node.getSourceFile().fileName.startsWith(dist));

  const told = new Map<ts.Symbol, string>();
  return new Map(
    files.map((file, i) => {
      const source = program.getSourceFile(file);
      const symbol = source && checker.getSymbolAtLocation(source);
      if (symbol === undefined) throw new Error(`${basename(file)} exports nothing`);
      const exported = checker.getExportsOfModule(symbol).map((one) => ({ name: one.name, symbol: resolved(one) }));
      const lines = exported.map(({ name, symbol: one }) => {
        const elsewhere = told.get(one);
        return { name, text: elsewhere === undefined ? textOf(one) : `(as in ${elsewhere})` };
      });
      const entry = entries[i]!;
      for (const one of exported) if (!told.has(one.symbol)) told.set(one.symbol, entry === 'index' ? 'ts-mesh' : `ts-mesh/${entry}`);
      const reached = reachable(exported.map((one) => one.symbol)).map((one) => ({ name: withoutNumber(one.name), text: textOf(one) }));
      return [entry, [...section('Exports', lines), ...section('Named by these, not exported', reached)].join('\n')] as const;
    }),
  );

  function textOf(symbol: ts.Symbol): string {
    const declarations = ours(symbol);
    if (declarations.length === 0) return `(of ${checker.symbolToString(symbol)}, a dependency's)`;
    return declarations.map((node) => printed(ts.isVariableDeclaration(node) ? node.parent.parent : node)).join('\n');
  }

  /** Types of the package that the declarations of `start` name, directly or not. */
  function reachable(start: readonly ts.Symbol[]): ts.Symbol[] {
    const found = new Set<ts.Symbol>();
    const visit = (symbol: ts.Symbol): void => ours(symbol).forEach((declaration) => walk(declaration));
    const walk = (node: ts.Node): void => {
      if (isHidden(node)) return;
      if (ts.isIdentifier(node)) {
        const at = checker.getSymbolAtLocation(node);
        const symbol = at && resolved(at);
        const declaration = symbol && ours(symbol)[0];
        if (symbol !== undefined && declaration !== undefined && ts.isSourceFile(declaration.parent) && !told.has(symbol)) {
          told.set(symbol, 'above');
          found.add(symbol);
          visit(symbol);
        }
      }
      ts.forEachChild(node, walk);
    };
    start.filter((symbol) => ours(symbol).length > 0).forEach(visit);
    return [...found];
  }
}

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

/** What no caller can touch, or is told not to. */
function isHidden(node: ts.Node): boolean {
  if (!ts.isClassElement(node)) return false;
  if (node.name !== undefined && ts.isPrivateIdentifier(node.name)) return true;
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0 || ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');
}

function printed(node: ts.Node): string {
  const withoutHidden: ts.TransformerFactory<ts.Node> = (context) => (root) => {
    const visit = (one: ts.Node): ts.Node | undefined => (isHidden(one) ? undefined : ts.visitEachChild(one, visit, context));
    return ts.visitEachChild(root, visit, context);
  };
  const { transformed } = ts.transform(node, [withoutHidden]);
  return withoutNumber(printer.printNode(ts.EmitHint.Unspecified, transformed[0]!, node.getSourceFile()));
}

/** Bundling gives a number to the later of two types of one name, and which is the later is chance. */
function withoutNumber(text: string): string {
  return text.replace(/\$\d+\b/g, '');
}

function section(title: string, items: readonly { readonly name: string; readonly text: string }[]): string[] {
  const sorted = items.toSorted((a, b) => (`${a.name} ${a.text}` < `${b.name} ${b.text}` ? -1 : 1));
  return items.length === 0 ? [] : [`# ${title}`, '', ...sorted.map(({ name, text }) => `## ${name}\n${text}\n`)];
}
