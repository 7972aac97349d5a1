import type { Location } from '../common/origin.ts';
import { Cursor } from './checks/cursor.ts';
import { IssueLog } from './checks/issue-log.ts';
import type { ConfigDocument } from './document.ts';
import type { Envelope } from './envelope.ts';
import type { ConfigIssue } from './issue.ts';
import { decode } from './schema/decoder.ts';
import { meshConfig } from './schema/mesh-config.ts';
import { parseDocuments } from './yaml-documents.ts';

/** The key of a ConfigMap that holds the mesh's settings. */
export const MESH_PATH = 'data.mesh';

/** `istio`, or `istio-REVISION`. Source: istio `bootstrap/mesh.go`. */
export function isMeshConfigMapName(name: string): boolean {
  return name === 'istio' || name.startsWith('istio-');
}

/** The mesh settings that a ConfigMap carries, as text; other ConfigMaps have none. */
export function meshTextOf(document: ConfigDocument): unknown {
  const { data } = document.value as { data?: unknown };
  return typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as { mesh?: unknown }).mesh
    : undefined;
}

interface MeshConfigRead {
  readonly spec: unknown;
  /** As of the ConfigMap; paths below `data.mesh` (or `spec`) lead into the embedded text. */
  readonly locate: (path: string) => Location;
  readonly issues: readonly ConfigIssue[];
}

/** Reads the YAML within the ConfigMap; its issues have their places in the outer file. */
export function readMeshConfig(text: string, document: ConfigDocument, envelope: Envelope): MeshConfigRead {
  const resource = `ConfigMap ${envelope.namespace}/${envelope.name}`;
  const outward = ({ line, column }: Location): Location => document.locateInText(MESH_PATH, line, column);
  const parsed = parseDocuments(text, '', { strict: envelope.context.strict }, envelope.context.budget);
  const issues: ConfigIssue[] = parsed.issues.map((issue) => ({
    ...issue,
    resource,
    path: MESH_PATH,
    ...outward(issue),
  }));
  const [first, second] = parsed.documents;
  if (second !== undefined) {
    issues.push({
      severity: 'error',
      code: 'ERR_INVALID_VALUE',
      resource,
      path: MESH_PATH,
      value: '',
      message: 'must be one document, got several',
      ...outward(second.locate('')),
    });
  }
  if (first === undefined) return { spec: {}, locate: document.locate, issues };
  const inner: ConfigDocument = {
    value: first.value,
    locate: (path) => outward(first.locate(path)),
    locateKey: (path) => outward(first.locateKey(path)),
    locateInText: (path) => outward(first.locate(path)),
  };
  const log = new IssueLog(inner, resource, MESH_PATH);
  const spec = decode(meshConfig, first.value, new Cursor({ ...envelope.context, log }), { protobuf: true });
  return { spec, locate: locateBoth(document.locate, inner.locate), issues: [...issues, ...log.issues] };
}

function locateBoth(outer: (path: string) => Location, inner: (path: string) => Location): (path: string) => Location {
  return (path) => {
    const within = /^(?:data\.mesh|spec)(?:\.|$)/.exec(path);
    return within === null ? outer(path) : inner(path.slice(within[0].length));
  };
}
