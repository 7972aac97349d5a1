import { isExportedTo, namespaceOf } from './names.ts';
import type { HttpMatch, HttpRule, StringMatch, VirtualService, World } from './resources.ts';

// §2 Delegates: a root rule is replaced by the rules of the VirtualService it names, each narrowed to the root's match.

/** A rule, and the namespace in which its short names are read. */
export interface PlacedRule {
  readonly rule: HttpRule;
  readonly namespace: string;
  /** Which rule of which VirtualService, such as `shop/team#1`. */
  readonly place: string;
}

export function rulesOf(virtualService: VirtualService, world: World): PlacedRule[] {
  const rootNamespace = namespaceOf(virtualService.metadata);
  return (virtualService.spec.http ?? []).flatMap((rule, index) => {
    if (rule.delegate === undefined) return [{ rule, namespace: rootNamespace, place: place(virtualService, index) }];
    const delegate = findDelegate(rule.delegate.name, rule.delegate.namespace ?? rootNamespace, world);
    if (delegate === undefined) return [];
    if (!isExportedTo(delegate.spec.exportTo, world.mesh.defaultVirtualServiceExportTo, namespaceOf(delegate.metadata), rootNamespace)) return [];
    return (delegate.spec.http ?? []).flatMap((delegated, position) => {
      const merged = mergeRules(rule, delegated);
      return merged === undefined ? [] : [{ rule: merged, namespace: namespaceOf(delegate.metadata), place: place(delegate, position) }];
    });
  });
}

function place({ metadata }: VirtualService, index: number): string {
  return `${namespaceOf(metadata)}/${metadata.name}#${String(index)}`;
}

function findDelegate(name: string, namespace: string, { resources }: World): VirtualService | undefined {
  return resources.find(
    (resource): resource is VirtualService =>
      resource.kind === 'VirtualService' && resource.metadata.name === name && namespaceOf(resource.metadata) === namespace && (resource.spec.hosts ?? []).length === 0,
  );
}

/** `undefined` when the delegate's rule contradicts the root's. */
function mergeRules(root: HttpRule, delegate: HttpRule): HttpRule | undefined {
  const match = mergeMatches(root.match ?? [], delegate.match ?? []);
  if (match === undefined) return undefined;
  const name = joinNames(root.name, delegate.name);
  return {
    ...delegate,
    ...(name === undefined ? {} : { name }),
    match,
    // What the delegate says itself counts as a whole; what it leaves unset is the root's.
    ...inherited(root, delegate),
  };
}

const INHERITED = ['rewrite', 'directResponse', 'timeout', 'retries', 'fault', 'mirror', 'mirrors', 'mirrorPercent', 'mirrorPercentage', 'corsPolicy', 'headers'] as const;

function inherited(root: HttpRule, delegate: HttpRule): Partial<HttpRule> {
  return Object.fromEntries(INHERITED.filter((field) => delegate[field] === undefined && root[field] !== undefined).map((field) => [field, root[field]]));
}

/** All pairs that agree; each match of the delegate needs one at least. */
function mergeMatches(roots: readonly HttpMatch[], delegates: readonly HttpMatch[]): readonly HttpMatch[] | undefined {
  if (roots.length === 0) return delegates;
  if (delegates.length === 0) return roots;
  const merged: HttpMatch[] = [];
  for (const delegate of delegates) {
    const agreeing = roots.filter((root) => agree(root, delegate));
    if (agreeing.length === 0) return undefined;
    merged.push(...agreeing.map((root) => mergeMatch(root, delegate)));
  }
  return merged;
}

function mergeMatch(root: HttpMatch, delegate: HttpMatch): HttpMatch {
  const name = joinNames(root.name, delegate.name);
  return {
    ...root,
    ...delegate,
    ...(name === undefined ? {} : { name }),
    headers: { ...root.headers, ...delegate.headers },
    withoutHeaders: { ...root.withoutHeaders, ...delegate.withoutHeaders },
    queryParams: { ...root.queryParams, ...delegate.queryParams },
    sourceLabels: { ...root.sourceLabels, ...delegate.sourceLabels },
  };
}

function agree(root: HttpMatch, delegate: HttpMatch): boolean {
  for (const field of ['uri', 'scheme', 'method', 'authority'] as const) {
    if (!stringsAgree(root[field], delegate[field])) return false;
  }
  for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    for (const [name, own] of Object.entries(delegate[field] ?? {})) {
      if (!stringsAgree(root[field]?.[name], own)) return false;
    }
  }
  if ((root.ignoreUriCase ?? false) !== (delegate.ignoreUriCase ?? false)) return false;
  if (root.port !== undefined && delegate.port !== undefined && root.port !== delegate.port) return false;
  if (root.sourceNamespace !== undefined && root.sourceNamespace !== delegate.sourceNamespace) return false;
  for (const [name, value] of Object.entries(delegate.sourceLabels ?? {})) {
    const ofRoot = root.sourceLabels?.[name];
    if (ofRoot !== undefined && ofRoot !== value) return false;
  }
  const gateways = root.gateways ?? [];
  return gateways.length === 0 || (delegate.gateways ?? []).every((gateway) => gateways.includes(gateway));
}

function stringsAgree(root: StringMatch | undefined, delegate: StringMatch | undefined): boolean {
  if (root === undefined || delegate === undefined) return true;
  if (isGiven(root.regex) || isGiven(delegate.regex)) return false;
  if (isGiven(root.exact)) return delegate.exact === root.exact;
  if (isGiven(root.prefix)) return (isGiven(delegate.exact) ? delegate.exact : (delegate.prefix ?? '')).startsWith(root.prefix);
  // The root asks for presence only, or for an empty text: not said by the page, Istio counts it as a contradiction.
  return false;
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function joinNames(root: string | undefined, delegate: string | undefined): string | undefined {
  if (root === undefined || root === '') return delegate;
  if (delegate === undefined || delegate === '') return root;
  return `${root}-${delegate}`;
}
