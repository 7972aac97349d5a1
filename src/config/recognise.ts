import { ISTIO_GROUP, kindInfo, KINDS, splitApiVersion, type KindInfo } from './kinds.ts';
import { suggest } from './schema/suggestion.ts';

/** What a document is: a kind that is read, something to leave alone without a word, or something to tell about. */
export type Recognition =
  | { readonly is: 'kind'; readonly info: KindInfo }
  | { readonly is: 'foreign' }
  | { readonly is: 'told'; readonly severity: 'error' | 'warning'; readonly code: string; readonly path: string; readonly message: string; readonly hint?: string };

/** Kubernetes kinds of ordinary manifests, which have no part in routing. Groups without a dot are Kubernetes' own too. */
function isKubernetesGroup(group: string): boolean {
  return !group.includes('.') || (group.endsWith('.k8s.io') && group !== 'gateway.networking.k8s.io');
}

/** Decides by `kind` and `apiVersion`. Both Istio's tools and this one pass over what they don't know. */
export function recognise(kind: unknown, apiVersion: unknown): Recognition {
  if (typeof kind !== 'string' || kind === '') return ignored('', 'has no kind and is ignored', 'a resource has apiVersion, kind, metadata and spec');
  const info = kindInfo(kind);
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    if (info === undefined) return ignored('kind', `${kind} without an apiVersion is ignored`);
    const hint = `write apiVersion: ${info.group === '' ? '' : `${info.group}/`}${info.versions[0]}`;
    return { is: 'told', severity: 'error', code: 'ERR_REQUIRED', path: 'apiVersion', message: 'must name the API of the resource', hint };
  }
  const { group, version } = splitApiVersion(apiVersion);
  if (info !== undefined && info.group === group) {
    if (info.versions.includes(version)) return { is: 'kind', info };
    return ignored('apiVersion', `${apiVersion} is not a version of ${kind}, which is ignored`, `write ${info.versions.map((known) => (group === '' ? known : `${group}/${known}`)).join(' or ')}`);
  }
  if (isKubernetesGroup(group)) return { is: 'foreign' };
  const meant = group === ISTIO_GROUP ? suggest(kind, KINDS.filter((known) => known.group === group).map((known) => known.kind)) : undefined;
  return ignored('kind', `${kind} of ${group} is not read and is ignored`, meant === undefined ? undefined : `did you mean ${meant}?`);
}

function ignored(path: string, message: string, hint?: string): Recognition {
  return { is: 'told', severity: 'warning', code: 'WARN_IGNORED_KIND', path, message, hint };
}
