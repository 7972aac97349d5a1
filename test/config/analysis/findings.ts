import { analyze, type AnalyzeOptions } from '../../../src/config/analysis/analyze.ts';
import type { Finding } from '../../../src/config/analysis/finding.ts';
import { readResources } from '../../../src/config/read-resources.ts';
import { resource } from '../reading.ts';

/** What is found in these documents, as they stand in one file. */
export function findingsIn(documents: readonly string[], options: AnalyzeOptions = {}): readonly Finding[] {
  const { resources, issues } = readResources([{ text: documents.join('\n---\n'), file: 'rules.yaml' }], { rules: 'analysis' });
  return analyze(resources, { issues, ...options });
}

/** `CODE Kind/name path`, of the codes that start with `prefix`. */
export function codesIn(documents: readonly string[], prefix: string, options?: AnalyzeOptions): string[] {
  return findingsIn(documents, options)
    .filter(({ code }) => code.startsWith(prefix))
    .map(({ code, resource: name, path }) => [code, name.replace(' default/', '/'), path].filter((part) => part !== undefined).join(' '));
}

/** A VirtualService of the host `api` with these rules: a YAML list. */
export function rules(http: string, more = ''): string {
  return resource('VirtualService', `hosts: [api]\n${more}\nhttp:\n${http.trim()}`);
}

/** A DestinationRule of `api`. */
export function destinationRule(spec: string, metadata?: string): string {
  return resource('DestinationRule', `host: api\n${spec.trim()}`, metadata);
}

/** The Service `api`, and a Pod behind it with each of these labels. */
export function service(...pods: readonly string[]): string[] {
  const api = resource('Service', 'selector: {app: api}\nports: [{name: http, port: 80}]', 'name: api');
  return [api, ...pods.map((labels, index) => resource('Pod', 'containers: []', `name: api-${index}, labels: {app: api, ${labels}}`))];
}
