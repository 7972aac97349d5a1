import type { Told } from './document.ts';
import { ISTIO_GROUP, kindInfo, KINDS, splitApiVersion, type KindInfo } from './kinds.ts';
import type { ReadRules } from './read-options.ts';
import { suggest } from './schema/suggestion.ts';

/** What a document is: a kind that is read, something to leave alone without a word, or something to tell about. */
export type Recognition =
  | { readonly is: 'kind'; readonly info: KindInfo }
  | { readonly is: 'foreign' }
  | { readonly is: 'told'; readonly issue: Told };

/** Decides by `kind` and `apiVersion`. Istio's tools too pass over what they don't know. */
export function recognise(kind: unknown, apiVersion: unknown, rules: ReadRules = 'apply'): Recognition {
  const recognition = recognised(kind, apiVersion, rules);
  if (recognition.is !== 'told' || rules === 'apply') return recognition;
  if (rules === 'istioctl') return { is: 'told', issue: { ...recognition.issue, severity: 'info' } };
  return isUnset(kind) && isUnset(apiVersion) ? withoutKind() : { is: 'foreign' };
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** Where Istio reads a file for analysis, this alone ends the reading of a document that it does not know. */
function withoutKind(): Recognition {
  return { is: 'told', issue: { severity: 'error', code: 'ERR_NOT_A_RESOURCE', message: 'has neither kind nor apiVersion' } };
}

function recognised(kind: unknown, apiVersion: unknown, rules: ReadRules): Recognition {
  if (typeof kind !== 'string' || kind === '') {
    return ignored('', 'has no kind and is ignored', 'a resource has apiVersion, kind, metadata and spec');
  }
  const info = kindInfo(kind, rules);
  if (typeof apiVersion !== 'string' || apiVersion === '') return withoutVersion(kind, info);
  const { group, version } = splitApiVersion(apiVersion);
  if (info !== undefined && info.group === group) {
    return info.versions.includes(version) ? { is: 'kind', info } : unknownVersion(info, apiVersion);
  }
  if (kind === 'List') return ignored('kind', 'List without items, or within another list, is ignored');
  return isKubernetesGroup(group) ? { is: 'foreign' } : unknownKind(kind, group);
}

/** Groups of ordinary manifests, which have no part in routing. Those without a dot are Kubernetes' own too. */
function isKubernetesGroup(group: string): boolean {
  return !group.includes('.') || (group.endsWith('.k8s.io') && group !== 'gateway.networking.k8s.io');
}

function withoutVersion(kind: string, info: KindInfo | undefined): Recognition {
  if (info === undefined) return ignored('kind', `${kind} without an apiVersion is ignored`);
  const hint = `write apiVersion: ${apiVersionsOf(info)[0]}`;
  const message = 'must name the API of the resource';
  return { is: 'told', issue: { severity: 'error', code: 'ERR_REQUIRED', path: 'apiVersion', message, hint } };
}

function unknownVersion(info: KindInfo, apiVersion: string): Recognition {
  const message = `${apiVersion} is not a version of ${info.kind}, which is ignored`;
  return ignored('apiVersion', message, `write ${apiVersionsOf(info).join(' or ')}`);
}

function unknownKind(kind: string, group: string): Recognition {
  const known = KINDS.filter((info) => info.group === group).map((info) => info.kind);
  const meant = group === ISTIO_GROUP ? suggest(kind, known) : undefined;
  const hint = meant === undefined ? undefined : `did you mean ${meant}?`;
  return ignored('kind', `${kind} of ${group} is not read and is ignored`, hint);
}

function apiVersionsOf({ group, versions }: KindInfo): readonly string[] {
  return group === '' ? versions : versions.map((version) => `${group}/${version}`);
}

function ignored(path: string, message: string, hint?: string): Recognition {
  return { is: 'told', issue: { severity: 'warning', code: 'WARN_IGNORED_KIND', path, message, hint } };
}
