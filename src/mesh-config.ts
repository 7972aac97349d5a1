import { MeshError } from './common/errors.ts';
import { compileSnapshot } from './config/compile.ts';
import type { CompileOptions } from './config/compile-options.ts';
import { formatIssue, type ConfigIssue } from './config/issue.ts';
import { readResources, type ConfigInput, type ReadOptions } from './config/read-resources.ts';
import { resourceName, type Resource } from './config/resource.ts';
import { parseReference } from './config/resource-reference.ts';
import { exportResource, ResourceSet } from './config/resource-set.ts';
import type { Snapshot } from './config/snapshot.ts';
import { loadConfigPath } from './discovery/config-files.ts';
import type { ConfigSource } from './mesh-options.ts';

/** What a change of configuration did. */
export interface ConfigChange {
  /** Of the snapshot now in force. */
  readonly version: number;
  /** `VirtualService default/reviews`, …: what was added, replaced or deleted. */
  readonly changed: readonly string[];
  readonly warnings: readonly ConfigIssue[];
}

/** A resource as a document that could be applied again. */
export interface ResourceObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** The file name of what has none. */
const INLINE = '<inline>';

/** The resources in force and the snapshot compiled from them. A change that has an error changes nothing. */
export class MeshConfig {
  #resources = ResourceSet.empty;
  #snapshot: Snapshot;
  /** What reading said of each resource in force, by `resourceName`; what belongs to none, by file. */
  readonly #warnings = new Map<string, readonly ConfigIssue[]>();
  readonly #read: ReadOptions;
  readonly #compile: Omit<CompileOptions, 'version'>;

  constructor(read: ReadOptions, compile: Omit<CompileOptions, 'version'>) {
    this.#read = read;
    this.#compile = compile;
    this.#snapshot = compileSnapshot([], { ...compile, version: 0 }).snapshot;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Of the resources in force: what reading them said, and what they lack together. */
  get warnings(): readonly ConfigIssue[] {
    return [...[...this.#warnings.values()].flat(), ...this.#snapshot.warnings];
  }

  /** @throws {MeshError} `ERR_INVALID_CONFIG` with every issue of every document, errors first. */
  async apply(source: ConfigSource, options: ReadOptions = {}): Promise<ConfigChange> {
    const loaded = await loadSource(source);
    // Nothing is awaited from here on, so changes can't mix.
    const { resources, issues } = readResources(loaded.inputs, { ...this.#read, ...options });
    const change = this.#use(this.#resources.apply(resources), resources, [...loaded.issues, ...issues]);
    this.#remember(change.changed, loaded, issues);
    return change;
  }

  /** @throws {MeshError} `ERR_INVALID_ARGUMENT` for a reference that can't be read. */
  get(reference: string): ResourceObject[] {
    return this.#resources.get(parseReference(reference)).map((resource) => exportResource(resource) as ResourceObject);
  }

  /** @throws {MeshError} `ERR_NOT_FOUND` when there is no such resource. */
  delete(reference: string): ConfigChange {
    const parsed = parseReference(reference);
    const deleted = this.#resources.get(parsed);
    if (deleted.length === 0) {
      const { size } = this.#resources;
      const known = this.#resources.all.slice(0, 5).map(resourceName).join(', ');
      const hint = size === 0 ? '' : ` (there is: ${known}${size > 5 ? `, and ${size - 5} more` : ''})`;
      throw new MeshError('ERR_NOT_FOUND', `there is no ${reference} to delete${hint}`);
    }
    return this.#use(this.#resources.delete(parsed), deleted, []);
  }

  #use(set: ResourceSet, changed: readonly Resource[], issues: readonly ConfigIssue[]): ConfigChange {
    if (issues.some(isError)) throw invalidConfig(issues);
    const { snapshot, issues: compileIssues } = compileSnapshot(set.all, { ...this.#compile, version: this.#snapshot.version + 1 });
    this.#resources = set;
    this.#snapshot = snapshot;
    const names = [...new Set(changed.map(resourceName))];
    for (const name of names) this.#warnings.delete(name);
    return { version: snapshot.version, changed: names, warnings: [...issues, ...compileIssues] };
  }

  #remember(changed: readonly string[], { inputs, issues: ofPaths }: LoadedSource, issues: readonly ConfigIssue[]): void {
    for (const input of inputs) this.#warnings.delete('file' in input ? input.file : INLINE);
    const names = new Set(changed);
    const all = Map.groupBy([...ofPaths, ...issues], ({ resource, file }) => (names.has(resource) ? resource : file));
    for (const [owner, said] of all) this.#warnings.set(owner, said);
  }
}

function isError({ severity }: ConfigIssue): boolean {
  return severity === 'error';
}

/** Errors come first; warnings are told too, since a mistyped field is often why another is missing. */
function invalidConfig(issues: readonly ConfigIssue[]): MeshError {
  const errors = issues.filter(isError);
  const all = [...errors, ...issues.filter((issue) => !isError(issue))];
  const shown = all.slice(0, 20).map((issue) => `  ${formatIssue(issue)}`);
  const more = all.length > shown.length ? `\n  … and ${all.length - shown.length} more` : '';
  const count = errors.length === 1 ? 'an error' : `${errors.length} errors`;
  return new MeshError('ERR_INVALID_CONFIG', `the configuration has ${count}, nothing was changed:\n${shown.join('\n')}${more}`, { issues: all });
}

interface LoadedSource {
  readonly inputs: readonly ConfigInput[];
  readonly issues: readonly ConfigIssue[];
}

async function loadSource(source: ConfigSource): Promise<LoadedSource> {
  if (typeof source === 'string') {
    if (source.includes('\n') || source.trim() === '') return { inputs: [{ text: source, file: INLINE }], issues: [] };
    const { texts, issues } = await loadConfigPath(source);
    return { inputs: texts, issues };
  }
  if (Array.isArray(source)) {
    const loaded = await Promise.all(source.map(loadSource));
    return { inputs: loaded.flatMap(({ inputs }) => inputs), issues: loaded.flatMap(({ issues }) => issues) };
  }
  const { text, file = INLINE, kind } = (source ?? {}) as { text?: unknown; file?: string; kind?: unknown };
  if (typeof text === 'string' && kind === undefined) return { inputs: [{ text, file }], issues: [] };
  return { inputs: [{ object: source }], issues: [] };
}
