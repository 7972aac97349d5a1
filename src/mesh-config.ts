import { MeshError } from './common/errors.ts';
import { finish, type Steps } from './common/steps.ts';
import { compileChange, compileSnapshot } from './config/compile.ts';
import { CompileMemo } from './config/compile-memo.ts';
import type { CompileOptions } from './config/compile-options.ts';
import { formatIssue, type ConfigIssue } from './config/issue.ts';
import { combineReads, type ReadOptions } from './config/read-resources.ts';
import { resourceName } from './config/resource.ts';
import { parseReference } from './config/resource-reference.ts';
import { exportResource, ResourceSet, type ResourceChanges } from './config/resource-set.ts';
import type { Snapshot } from './config/snapshot.ts';
import { ConfigReader, type ConfigRead } from './discovery/config-reader.ts';
import { TimeSlices } from './discovery/time-slices.ts';
import { sourcesOf } from './config-sources.ts';
import type { ConfigSource } from './mesh-options.ts';

/** What a change of configuration did. */
export interface ConfigChange {
  /** Of the snapshot now in force. It stays when an edit of watched files changed nothing that decides. */
  readonly version: number;
  /** `VirtualService default/reviews`, …: what was added, updated or deleted; of `mesh.apply` all that was applied. */
  readonly changed: readonly string[];
  readonly added: readonly string[];
  /** What was in force before with another content. */
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
  /** About what was applied, or about the files that were edited; and what the resources in force lack together. */
  readonly warnings: readonly ConfigIssue[];
  /** `apply` and `delete` by code, `watch` for edits of the files and folders that the mesh watches. */
  readonly cause: 'apply' | 'delete' | 'watch';
  /** Watched files that were edited, added or removed since the change before. */
  readonly files: readonly string[];
}

/** A resource as a document that could be applied again. */
export interface ResourceObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** So few resources are brought into force in one go, however busy the machine. */
const FEW = 500;

/** The resources in force and the snapshot compiled from them. A change that has an error changes nothing. */
export class MeshConfig {
  #resources = ResourceSet.empty;
  #snapshot: Snapshot;
  /** What reading said of what is declared. */
  #declaredIssues: readonly ConfigIssue[] = [];
  /** What reading said of each resource that was applied, by `resourceName`; what belongs to none, by file. */
  readonly #appliedIssues = new Map<string, readonly ConfigIssue[]>();
  readonly #read: ReadOptions;
  readonly #compile: Omit<CompileOptions, 'version'>;
  readonly #memo = new CompileMemo();
  /** Ends when the changes asked for so far are made: they take their turns, however long each is to read. */
  #turn: Promise<unknown> = Promise.resolve();

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
    const declared = this.#declaredIssues.filter(({ resource }) => resource === '' || this.#resources.isAsDeclared(resource));
    return [...declared, ...[...this.#appliedIssues.values()].flat(), ...this.#snapshot.warnings];
  }

  /** Reads as this configuration is read. */
  reader(source: ConfigSource, options: ReadOptions = {}): ConfigReader {
    return new ConfigReader(sourcesOf(source), { ...this.#read, ...options });
  }

  /** @throws {MeshError} `ERR_INVALID_CONFIG` with every issue of every document, errors first. */
  apply(source: ConfigSource, options: ReadOptions = {}): Promise<ConfigChange> {
    return this.#inTurn(async () => {
      const reader = this.reader(source, options);
      const { reads, issues: ofPaths, hashes } = await reader.read(await reader.scan());
      const { resources, issues: ofTexts } = combineReads(reads);
      const issues = [...ofPaths, ...ofTexts];
      if (issues.some(isError)) throw invalidConfig(issues);
      const names = [...new Set(resources.map(resourceName))];
      const change = { ...(await this.#use(this.#resources.apply(resources), issues)), cause: 'apply' as const, changed: names };
      for (const file of hashes.keys()) this.#appliedIssues.delete(file);
      this.#remember(names, issues);
      return change;
    });
  }

  /**
   * Puts what was read in the place of all that was declared before. Who speaks last decides, see {@link ResourceSet.declare}.
   *
   * @param files - what was edited
   * @throws {MeshError} `ERR_INVALID_CONFIG` as {@link apply}
   */
  declare({ reads, issues: ofPaths }: ConfigRead, files: readonly string[] = []): Promise<ConfigChange> {
    return this.#inTurn(async () => {
      const { resources, issues: ofTexts } = combineReads(reads);
      const issues = [...ofPaths, ...ofTexts];
      if (issues.some(isError)) throw invalidConfig(issues);
      const edited = new Set(files);
      const change = await this.#use(this.#resources.declare(resources), issues.filter(({ file, code }) => edited.has(file) || code === 'WARN_DUPLICATE'));
      this.#declaredIssues = issues;
      for (const name of this.#appliedIssues.keys()) if (this.#resources.isAsDeclared(name)) this.#appliedIssues.delete(name);
      return { ...change, cause: 'watch' as const, files };
    });
  }

  /** @throws {MeshError} `ERR_INVALID_ARGUMENT` for a reference that can't be read. */
  get(reference: string): ResourceObject[] {
    return this.#resources.get(parseReference(reference)).map((resource) => exportResource(resource) as ResourceObject);
  }

  /** @throws {MeshError} `ERR_NOT_FOUND` when there is no such resource. */
  delete(reference: string): Promise<ConfigChange> {
    return this.#inTurn(async () => {
      const parsed = parseReference(reference);
      if (this.#resources.get(parsed).length === 0) {
        const { size } = this.#resources;
        const known = this.#resources.all.slice(0, 5).map(resourceName).join(', ');
        const hint = size === 0 ? '' : ` (there is: ${known}${size > 5 ? `, and ${size - 5} more` : ''})`;
        throw new MeshError('ERR_NOT_FOUND', `there is no ${reference} to delete${hint}`);
      }
      const change = await this.#use(this.#resources.delete(parsed), []);
      for (const name of change.deleted) this.#appliedIssues.delete(name);
      return { ...change, cause: 'delete' as const };
    });
  }

  /** In slices, since the compile of a large mesh takes long; that changes don't mix is why they take turns. */
  async #use(set: ResourceSet, issues: readonly ConfigIssue[]): Promise<Omit<ConfigChange, 'cause'>> {
    const isSmall = this.#resources.size + set.size <= FEW;
    const { added, updated, deleted } = isSmall ? finish(this.#bringIntoForce(set)) : await new TimeSlices(0).run(this.#bringIntoForce(set));
    const { version, warnings } = this.#snapshot;
    return { version, changed: [...added, ...updated, ...deleted], added, updated, deleted, warnings: [...issues, ...warnings], files: [] };
  }

  *#bringIntoForce(set: ResourceSet): Steps<ResourceChanges> {
    const before = this.#resources;
    if (!set.equals(before)) {
      const { snapshot } = yield* compileChange(set.all, { ...this.#compile, version: this.#snapshot.version + 1 }, this.#memo);
      this.#snapshot = snapshot;
      this.#resources = set;
      yield;
    }
    return set.changesSince(before);
  }

  #remember(names: readonly string[], issues: readonly ConfigIssue[]): void {
    for (const name of names) this.#appliedIssues.delete(name);
    const applied = new Set(names);
    const all = Map.groupBy(issues, ({ resource, file }) => (applied.has(resource) ? resource : file));
    for (const [owner, said] of all) this.#appliedIssues.set(owner, said);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
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
