import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../src/config/kinds.ts';
import { resourceJsonSchema, type JsonSchema } from '../../src/index.ts';
import { ROOT } from './page.ts';

/** Which page tells of a kind; those of Kubernetes have many fields that mean nothing here. */
const PAGES: Readonly<Record<string, string>> = {
  VirtualService: 'virtual-service',
  DestinationRule: 'destination-rule',
  ServiceEntry: 'service-entry',
  WorkloadEntry: 'workload-entry',
  Sidecar: 'sidecar',
  Gateway: 'gateway',
};

const { $defs } = resourceJsonSchema() as { $defs: Record<string, JsonSchema> };

/** Every name of a field in `schema`, in camel case. What Sidecars say of connections and certificates is told elsewhere. */
function fieldsOf(schema: unknown, seen = new Set<unknown>()): string[] {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return [];
  seen.add(schema);
  const { $ref, properties = {}, ...rest } = schema as { $ref?: string; properties?: Record<string, unknown> };
  const named = Object.keys(properties).filter((name) => !name.includes('_'));
  const below = [...Object.values(properties), ...Object.values(rest)].flatMap((value) => (Array.isArray(value) ? value : [value]));
  const target = $ref === undefined ? undefined : $defs[decodeURIComponent($ref.slice('#/$defs/'.length))];
  return [...named, ...[...below, target].flatMap((value) => fieldsOf(value, seen))];
}

const textOf = (page: string): string => readFileSync(join(ROOT, 'docs/resources', `${page}.md`), 'utf8').split('## Example')[0]!;
const told = (page: string): Set<string> => new Set([...textOf(page).matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code!.split(/\W+/)));

describe('docs/resources', () => {
  it.each(Object.entries(PAGES))('tells of each field of a %s', (kind, page) => {
    const elsewhere = kind === 'Sidecar' ? new Set([...told('destination-rule'), ...told('gateway')]) : new Set();
    const known = told(page);
    const fields = new Set(fieldsOf($defs[kind]));
    expect(fields.size).toBeGreaterThan(5);
    expect([...fields].filter((field) => !known.has(field) && !elsewhere.has(field))).toEqual([]);
  });

  it('has a line for each kind that is read', () => {
    const index = readFileSync(join(ROOT, 'docs/resources/README.md'), 'utf8');
    expect(KINDS.map(({ kind }) => kind).filter((kind) => !index.includes(kind))).toEqual([]);
  });
});
