import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { MeshOptions } from '../../src/index.ts';

/** Which of the policies in `bookinfo.yaml` are on. */
export type PolicySet = (typeof POLICY_SETS)[number];

/** From the fewest to the most: services alone; the routes of Bookinfo; with timeouts, retries, limits, outlier detection and a mirror at 0 %; the mirror at 100 %. */
export const POLICY_SETS = ['none', 'routes', 'all', 'mirror'] as const;

interface Document {
  readonly kind: string;
  readonly spec: Readonly<Record<string, unknown>> & { readonly http?: readonly Readonly<Record<string, unknown>>[] };
}

/** What is no route, in a rule of a VirtualService or in a DestinationRule. */
const POLICIES = ['timeout', 'retries', 'mirror', 'mirrorPercentage', 'trafficPolicy'];

/** Rules for reviews, whose versions 1 to 3 are at `ports`. */
export function bookinfo([v1, v2, v3]: readonly (number | undefined)[], policies: PolicySet = 'all'): MeshOptions {
  const text = readFileSync(join(import.meta.dirname, 'bookinfo.yaml'), 'utf8');
  const documents = parseAllDocuments(text).map((document) => document.toJS() as Document);
  const endpoint = (port: number | undefined, version: string) => ({ address: `127.0.0.1:${port}`, labels: { app: 'reviews', version } });
  return { config: documents.flatMap((document) => reduced(document, policies)), endpoints: { reviews: [endpoint(v1, 'v1'), endpoint(v2, 'v2'), endpoint(v3, 'v3')] } };
}

function reduced(document: Document, policies: PolicySet): object[] {
  const { kind, spec } = document;
  if (policies === 'all') return [document];
  if (policies === 'none') return kind === 'Service' ? [document] : [];
  const change = policies === 'routes' ? (rule: object) => without(rule, POLICIES) : (rule: object) => ('mirrorPercentage' in rule ? { ...rule, mirrorPercentage: { value: 100 } } : rule);
  return [{ ...document, spec: { ...change(spec), ...(spec.http && { http: spec.http.map(change) }) } }];
}

function without(record: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}
