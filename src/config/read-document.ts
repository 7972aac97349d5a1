import type { Location } from '../common/origin.ts';
import { Cursor } from './checks/cursor.ts';
import { shownValue } from './checks/issue-log.ts';
import { issueAt, type ConfigDocument } from './document.ts';
import { readEnvelope, type Envelope } from './envelope.ts';
import type { ConfigIssue } from './issue.ts';
import { isMisread, issuesByRules } from './issues-by-rules.ts';
import { ISTIO_GROUP, type KindInfo } from './kinds.ts';
import { isMeshConfigMapName, MESH_PATH, meshTextOf, readMeshConfig } from './mesh-config-map.ts';
import type { ReadContext } from './read-options.ts';
import { recognise } from './recognise.ts';
import type { Resource } from './resource.ts';
import { decode } from './schema/decoder.ts';

/** What became of one document: a resource when it is one and has no error, and what there is to tell of it. */
export interface DocumentRead {
  readonly resource?: Omit<Resource, 'order'>;
  readonly issues: readonly ConfigIssue[];
}

const NOTHING: DocumentRead = { issues: [] };

/** Recognises, decodes and checks one document. */
export function readDocument(document: ConfigDocument, options: ReadContext): DocumentRead {
  const { value } = document;
  if (!isMap(value)) {
    const got = Array.isArray(value) ? 'a list' : shownValue(value);
    const message = `a document must be a map with apiVersion, kind, metadata and spec, got ${got}`;
    return { issues: [issueAt(document, { severity: 'error', code: 'ERR_NOT_A_RESOURCE', message })] };
  }
  const recognition = recognise(value.kind, value.apiVersion, options.rules);
  if (recognition.is === 'foreign') return NOTHING;
  if (recognition.is === 'told') return { issues: [issueAt(document, recognition.issue)] };
  const { info } = recognition;
  return info.kind === 'ConfigMap' ? readConfigMap(document, info, options) : readBody(document, value, info, options);
}

function readBody(
  document: ConfigDocument,
  value: Record<string, unknown>,
  info: KindInfo,
  options: ReadContext,
): DocumentRead {
  const envelope = readEnvelope(document, info, options);
  const { log } = envelope.context;
  const root = new Cursor(envelope.context);
  const style = { protobuf: info.group === ISTIO_GROUP };
  const [body, at] = info.body === 'spec' ? [value.spec ?? {}, root.to('spec')] : [value, root];
  const spec = decode(info.schema, body, at, style);
  return finishRead(info, envelope, spec, document.locate, log.issues);
}

/** Only the mesh's own ConfigMap says anything here. */
function readConfigMap(document: ConfigDocument, info: KindInfo, options: ReadContext): DocumentRead {
  const text = meshTextOf(document);
  if (typeof text !== 'string') return NOTHING;
  const envelope = readEnvelope(document, info, options);
  if (!isMeshConfigMapName(envelope.name)) {
    const message = `is ignored, since the name of its ConfigMap is ${JSON.stringify(envelope.name)}`;
    const hint = 'the ConfigMap of the mesh is called istio';
    const told = { severity: 'warning', code: 'WARN_IGNORED_KIND', path: MESH_PATH, message, hint } as const;
    return { issues: [issueAt(document, told)] };
  }
  const mesh = readMeshConfig(text, document, envelope);
  return finishRead(info, envelope, mesh.spec, mesh.locate, [...envelope.context.log.issues, ...mesh.issues]);
}

function finishRead(
  info: KindInfo,
  { apiVersion, name, namespace, labels, annotations, createdAtMs, context }: Envelope,
  spec: unknown,
  locate: (path: string) => Location,
  found: readonly ConfigIssue[],
): DocumentRead {
  const issues = issuesByRules(found, info, context.rules);
  const isKept = context.rules === 'analysis' ? !found.some(isMisread) : !found.some(({ severity }) => severity === 'error');
  const { kind } = info;
  const resource = { kind, apiVersion, name, namespace, labels, annotations, createdAtMs, spec, locate };
  return { resource: isKept ? resource : undefined, issues };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
