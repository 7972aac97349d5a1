import { Cursor } from './checks/cursor.ts';
import { shownValue } from './checks/issue-log.ts';
import { partOf, type ConfigDocument } from './document.ts';
import { readEnvelope, type Envelope } from './envelope.ts';
import { childPath } from './field-path.ts';
import type { ConfigIssue } from './issue.ts';
import { ISTIO_GROUP, type KindInfo } from './kinds.ts';
import { isMeshConfigMapName, MESH_PATH, meshTextOf, readMeshConfig } from './mesh-config-map.ts';
import { objectDocuments } from './objects.ts';
import type { ReadOptions } from './read-options.ts';
import { recognise } from './recognise.ts';
import { resourceName, type Resource } from './resource.ts';
import { decode } from './schema/decoder.ts';
import { parseDocuments } from './yaml-documents.ts';

export type { ReadOptions } from './read-options.ts';

/** Something to read resources from. */
export type ConfigInput =
  | { readonly text: string; readonly file: string }
  | { readonly object: unknown; readonly name?: string };

/** The resources without an error, in order, and every issue of all inputs. */
export interface ReadResult {
  readonly resources: Resource[];
  readonly issues: ConfigIssue[];
}

/** Reads every document of `inputs` as resources. Never throws: what is wrong is in `issues`, all of it. */
export function readResources(inputs: readonly ConfigInput[], options: ReadOptions = {}): ReadResult {
  const reader = new Reader({ strict: options.strict ?? false, legacySemantics: options.legacySemantics ?? true, rules: options.rules ?? 'apply' });
  for (const input of inputs) reader.read(input);
  return { resources: reader.resources, issues: reader.issues };
}

class Reader {
  readonly resources: Resource[] = [];
  readonly issues: ConfigIssue[] = [];
  readonly #options: Required<ReadOptions>;
  readonly #seen = new Map<string, Resource>();

  constructor(options: Required<ReadOptions>) {
    this.#options = options;
  }

  read(input: ConfigInput): void {
    const parsed = 'text' in input ? parseDocuments(input.text, input.file, this.#options) : objectDocuments(input.object, input.name);
    for (const issue of parsed.issues) this.issues.push(issue);
    if (parsed.documents.length === 0 && parsed.issues.length === 0) this.#tellEmpty(input);
    for (const document of parsed.documents) this.#document(document);
  }

  #tellEmpty(input: ConfigInput): void {
    const [file, what] = 'text' in input ? [input.file, 'text'] : [input.name ?? '<inline>', 'object'];
    const message = `this ${what} holds no document, so nothing is configured by it`;
    this.issues.push({ severity: 'warning', code: 'WARN_EMPTY', resource: '', path: '', value: '', message, hint: 'write resources such as a VirtualService', file, line: 1, column: 1 });
  }

  #document(document: ConfigDocument): void {
    const { value } = document;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#tell(document, 'error', 'ERR_NOT_A_RESOURCE', '', `a document must be a map with apiVersion, kind, metadata and spec, got ${Array.isArray(value) ? 'a list' : shownValue(value)}`);
      return;
    }
    const { kind, apiVersion, items } = value as Record<string, unknown>;
    if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
      this.#list(document, items, kind, apiVersion);
      return;
    }
    const recognition = recognise(kind, apiVersion);
    if (recognition.is === 'kind') this.#resource(document, recognition.info);
    else if (recognition.is === 'told' && (recognition.severity === 'warning' || this.#options.rules === 'apply')) {
      this.#tell(document, recognition.severity, recognition.code, recognition.path, recognition.message, recognition.hint);
    }
  }

  /** `kind: List`, or a list of one kind whose entries may leave theirs out. */
  #list(document: ConfigDocument, items: readonly unknown[], kind: string, apiVersion: unknown): void {
    const common = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
    items.forEach((item, index) => {
      const value = typeof item === 'object' && item !== null && !Array.isArray(item) ? { ...common, ...item } : item;
      if (isNestedList(value)) this.#tell(document, 'error', 'ERR_NOT_A_RESOURCE', childPath('items', index), 'a list must not hold further lists');
      else this.#document(partOf(document, childPath('items', index), value));
    });
  }

  #resource(document: ConfigDocument, info: KindInfo): void {
    const meshText = info.kind === 'ConfigMap' ? meshTextOf(document) : undefined;
    if (info.kind === 'ConfigMap' && typeof meshText !== 'string') return;
    const envelope = readEnvelope(document, info, this.#options);
    const { log } = envelope.context;
    if (typeof meshText === 'string') {
      if (isMeshConfigMapName(envelope.name)) this.#meshConfig(meshText, document, info, envelope);
      else this.#tell(document, 'warning', 'WARN_IGNORED_KIND', MESH_PATH, `is ignored, since the name of its ConfigMap is ${JSON.stringify(envelope.name)}`, 'the ConfigMap of the mesh is called istio');
      return;
    }
    const root = new Cursor(envelope.context);
    const body = document.value as Record<string, unknown>;
    const style = { protobuf: info.group === ISTIO_GROUP };
    const spec = info.body === 'spec' ? decode(info.schema, body.spec ?? {}, root.to('spec'), style) : decode(info.schema, body, root, style);
    this.#add(info, envelope, spec, document.locate, log.issues, log.failed);
  }

  #meshConfig(text: string, document: ConfigDocument, info: KindInfo, envelope: Envelope): void {
    const { spec, locate, issues } = readMeshConfig(text, document, envelope);
    const all = [...envelope.context.log.issues, ...issues];
    this.#add(info, envelope, spec, locate, all, all.some((issue) => issue.severity === 'error'));
  }

  #add(info: KindInfo, envelope: Envelope, spec: unknown, locate: Resource['locate'], issues: readonly ConfigIssue[], failed: boolean): void {
    // In the order of the file, whatever order the checks ran in.
    this.issues.push(...issues.toSorted((a, b) => a.line - b.line || a.column - b.column));
    if (failed) return;
    const { apiVersion, name, namespace, labels, annotations, createdAtMs } = envelope;
    const resource: Resource = { kind: info.kind, apiVersion, name, namespace, labels, annotations, createdAtMs, order: this.resources.length, spec, locate };
    const key = resourceName(resource);
    const before = this.#seen.get(key);
    if (before !== undefined) {
      const { file, line } = before.locate('');
      this.issues.push({ severity: 'warning', code: 'WARN_DUPLICATE', resource: key, path: '', value: '', message: `replaces the ${key} of ${file}:${line}`, hint: 'remove one of them', ...locate('') });
    }
    this.#seen.set(key, resource);
    this.resources.push(resource);
  }

  #tell(document: ConfigDocument, severity: ConfigIssue['severity'], code: string, path: string, message: string, hint?: string): void {
    this.issues.push({ severity, code, resource: '', path, value: '', message, hint, ...document.locate(path) });
  }
}

function isNestedList(value: unknown): boolean {
  const { kind, items } = (value ?? {}) as { kind?: unknown; items?: unknown };
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items);
}
