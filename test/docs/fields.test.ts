import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../src/config/kinds.ts';
import { resourceJsonSchema, type JsonSchema } from '../../src/index.ts';
import { ROOT } from './page.ts';

/** Which page tells of a kind. MeshConfig is no part of the schema. */
const PAGES: Readonly<Record<string, string>> = {
  VirtualService: 'virtual-service',
  DestinationRule: 'destination-rule',
  ServiceEntry: 'service-entry',
  WorkloadEntry: 'workload-entry',
  Sidecar: 'sidecar',
  Gateway: 'gateway',
  Service: 'kubernetes',
  EndpointSlice: 'kubernetes',
  Endpoints: 'kubernetes',
  Pod: 'kubernetes',
  Deployment: 'kubernetes',
};

const { $defs } = resourceJsonSchema() as { $defs: Record<string, JsonSchema> };

/** What a page may say at another page's place. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = { Sidecar: ['destination-rule', 'gateway'] };

/** Every name of a field in `schema`, in camel case, but for those of which nothing is read: their values may be anything. */
function fieldsOf(schema: unknown, seen = new Set<unknown>()): string[] {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return [];
  seen.add(schema);
  const { $ref, properties = {}, ...rest } = schema as { $ref?: string; properties?: Record<string, unknown> };
  const named = Object.keys(properties).filter((name) => !name.includes('_') && Object.keys(properties[name] as object).length > 0);
  const below = [...Object.values(properties), ...Object.values(rest)].flatMap((value) => (Array.isArray(value) ? value : [value]));
  const target = $ref === undefined ? undefined : $defs[decodeURIComponent($ref.slice('#/$defs/'.length))];
  return [...named, ...[...below, target].flatMap((value) => fieldsOf(value, seen))];
}

const textOf = (page: string): string => readFileSync(join(ROOT, 'docs/resources', `${page}.md`), 'utf8').split('## Example')[0]!;
const told = (page: string): Set<string> => new Set([...textOf(page).matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code!.split(/\W+/)));

describe('docs/resources', () => {
  it.each(Object.entries(PAGES))('tells of each field of a %s', (kind, page) => {
    const known = new Set([page, ...(ELSEWHERE[kind] ?? [])].flatMap((name) => [...told(name)]));
    const fields = new Set(fieldsOf($defs[`${kind} resource`]).filter((field) => field !== 'spec'));
    expect(fields.size).toBeGreaterThan(3);
    expect([...fields].filter((field) => !known.has(field))).toEqual([]);
  });

  it('has a line for each kind that is read', () => {
    const index = readFileSync(join(ROOT, 'docs/resources/README.md'), 'utf8');
    expect(KINDS.map(({ kind }) => kind).filter((kind) => !index.includes(kind))).toEqual([]);
  });
});
