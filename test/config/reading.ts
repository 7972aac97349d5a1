import { readResources, type ReadOptions } from '../../src/config/read-resources.ts';
import type { ConfigIssue } from '../../src/config/issue.ts';

/** Reads one text as `rules.yaml`. */
export function read(text: string, options?: ReadOptions): ReturnType<typeof readResources> {
  return readResources([{ text, file: 'rules.yaml' }], options);
}

/** A resource as YAML: `spec` is put below `spec:` as it stands. */
export function resource(kind: string, spec: string, metadata = 'name: it'): string {
  const group = ['Service', 'Endpoints', 'Pod', 'ConfigMap'].includes(kind) ? 'v1' : 'networking.istio.io/v1';
  return `apiVersion: ${group}\nkind: ${kind}\nmetadata: {${metadata}}\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n`;
}

/** A VirtualService of the host `api` whose only rule is `rule`. */
export function httpRule(rule: string): string {
  return resource('VirtualService', `hosts: [api]\nhttp:\n- ${rule.trim().replaceAll('\n', '\n  ')}`);
}

/** `ERR_X path`, for each error. */
export function errors(issues: readonly ConfigIssue[]): string[] {
  return issues.filter(({ severity }) => severity === 'error').map(({ code, path }) => `${code} ${path}`);
}

/** `WARN_X path`, for each warning. */
export function warnings(issues: readonly ConfigIssue[]): string[] {
  return issues.filter(({ severity }) => severity === 'warning').map(({ code, path }) => `${code} ${path}`);
}
