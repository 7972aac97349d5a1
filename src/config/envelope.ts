import { Cursor, type CheckContext } from './checks/cursor.ts';
import { IssueLog } from './checks/issue-log.ts';
import { isObjectName } from './checks/names.ts';
import type { ConfigDocument } from './document.ts';
import { checkAnnotations } from './extensions/check-annotations.ts';
import type { KindInfo } from './kinds.ts';
import { ISTIO_GROUP } from './kinds.ts';
import type { ReadContext } from './read-options.ts';
import { decode } from './schema/decoder.ts';
import { openMessage, text } from './schema/field.ts';
import { textMap } from './schema/shared.ts';
import { parseTimestampMs } from './timestamps.ts';

/** Read as Kubernetes reads it; its other fields mean nothing here. */
const objectMeta = openMessage('ObjectMeta', {
  name: text,
  generateName: text,
  namespace: text,
  labels: textMap,
  annotations: textMap,
  creationTimestamp: text,
});

const TOP_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

/** What all resources have in common. */
export interface Envelope {
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  /** For the checks of the body. */
  readonly context: CheckContext;
}

/** Reads `metadata` and looks over the top-level fields; what is wrong goes into the context's log. */
export function readEnvelope(document: ConfigDocument, info: KindInfo, options: ReadContext): Envelope {
  const body = document.value as Record<string, unknown>;
  const given = (body.metadata ?? {}) as { name?: unknown; namespace?: unknown };
  const name = typeof given.name === 'string' ? given.name : '';
  const namespace = typeof given.namespace === 'string' && given.namespace !== '' ? given.namespace : 'default';
  const log = new IssueLog(document, `${info.kind} ${namespace}/${name === '' ? '(no name)' : name}`);
  const before: CheckContext = { log, name, namespace, labels: {}, ...options };
  const at = new Cursor(before);

  const metadata = decode(objectMeta, body.metadata ?? {}, at.to('metadata'), { protobuf: false }) as Partial<
    Pick<Envelope, 'labels' | 'annotations'>
  > & { creationTimestamp?: string };
  if (typeof metadata !== 'object') {
    return {
      apiVersion: String(body.apiVersion),
      name,
      namespace,
      labels: {},
      annotations: {},
      createdAtMs: 0,
      context: before,
    };
  }
  const { labels = {}, annotations = {}, creationTimestamp = '' } = metadata;
  checkName(name, at);
  if (info.group === ISTIO_GROUP) checkIstioEnvelope(body, annotations, at);
  checkAnnotations(annotations, info.kind, body.spec, at.to('metadata'));
  const createdAtMs = creationTimestamp === '' ? 0 : parseTimestampMs(creationTimestamp);
  if (createdAtMs === undefined) {
    at.to('metadata', 'creationTimestamp').invalid('must be a time such as 2024-05-01T10:00:00Z');
  }
  return {
    apiVersion: String(body.apiVersion),
    name,
    namespace,
    labels,
    annotations,
    createdAtMs: createdAtMs ?? 0,
    context: { ...before, labels },
  };
}

/** istioctl looks at no name (but a Gateway's); without one nothing could be replaced or deleted. */
function checkName(name: string, at: Cursor): void {
  if (name === '') {
    at.to('metadata', 'name').onApply?.required('must name the resource');
  } else if (!isObjectName(name)) {
    at.to('metadata', 'name').onApply?.invalid('must be a name of lower-case letters, digits, - and .');
  }
  const { namespace } = at.context;
  if (namespace.includes('.') || !isObjectName(namespace)) {
    at.to('metadata', 'namespace').onApply?.invalid(
      'must be the name of a namespace: lower-case letters, digits and -',
    );
  }
}

function checkIstioEnvelope(
  body: Record<string, unknown>,
  annotations: Readonly<Record<string, string>>,
  at: Cursor,
): void {
  for (const field of Object.keys(body)) {
    if (!TOP_FIELDS.includes(field)) at.to(field).unknownField('a resource', TOP_FIELDS);
  }
  // Istio's analysis does not see annotations here.
  if (at.context.rules !== 'analysis' && Object.hasOwn(annotations, 'istio.io/dry-run')) {
    at.to('metadata', 'annotations', 'istio.io/dry-run').conflict(
      'is not supported on this kind',
      'remove the annotation',
    );
  }
}
