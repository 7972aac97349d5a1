import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { resourceJsonSchema } from '../../src/config/json-schema.ts';
import { KINDS } from '../../src/config/kinds.ts';
import { readResources } from '../../src/config/read-resources.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const fits = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(resourceJsonSchema());

const documentsIn = (text: string): unknown[] => parseAllDocuments(text).map((document) => document.toJS() as unknown);

/** Every YAML file below `folder`, as documents. */
function files(folder: string): [file: string, documents: unknown[]][] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => [join(folder, name), documentsIn(readFileSync(join(ROOT, folder, name), 'utf8'))]);
}

const misfits = (documents: readonly unknown[]): string[] =>
  documents.flatMap((document) => (fits(document) ? [] : (fits.errors ?? []).filter(({ keyword }) => keyword !== 'if').map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)));

const rule = (http: object): object => ({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'a' }, spec: { hosts: ['a'], http: [http] } });
const route = [{ destination: { host: 'a' } }];

describe('the JSON Schema of the resources', () => {
  it('takes every example, and every rule that real Istio took', () => {
    const examples = [...files('examples'), ...files('test/conformance/data/worlds')];
    expect(examples.length).toBeGreaterThan(20);
    expect(examples.flatMap(([file, documents]) => misfits(documents).map((misfit) => `${file} ${misfit}`))).toEqual([]);

    const cases = files('test/conformance/data/cases').flatMap(([file, documents]) => documents.map((one): [string, unknown] => [file, (one as { config?: unknown } | null)?.config]));
    const configured = cases.filter((one): one is [string, string] => typeof one[1] === 'string');
    expect(configured.length).toBeGreaterThan(200);
    const accepted = configured.filter(([file, config]) => readResources([{ text: config, file }], { rules: 'istioctl' }).issues.every(({ severity }) => severity !== 'error'));
    expect(accepted.flatMap(([file, config]) => misfits(documentsIn(config)).map((misfit) => `${file} ${misfit}`))).toEqual([]);
  });

  it.each([
    ['a field that is none', rule({ rout: route }), '/spec/http/0 must NOT have additional properties'],
    ['a value of the wrong type', rule({ route, timeout: 5 }), '/spec/http/0/timeout must be string'],
    ['a duration that is none', rule({ route, timeout: '5 seconds' }), '/spec/http/0/timeout must match pattern'],
    ['a number beyond the range', rule({ route: [{ ...route[0], weight: 2 ** 31 }] }), '/spec/http/0/route/0/weight must be <= 2147483647'],
    ['a mistake in a list', { kind: 'List', apiVersion: 'v1', items: [rule({ rout: route })] }, '/items/0/spec/http/0 must NOT have additional properties'],
  ])('refuses %s', (_what, document, misfit) => {
    expect(misfits([document])).toContainEqual(expect.stringContaining(misfit));
  });

  it('takes the original names of fields, and marks them', () => {
    expect(misfits([rule({ route, mirror_percent: 50 })])).toEqual([]);
    expect(JSON.stringify(resourceJsonSchema())).toContain('"mirror_percentage":{');
  });

  it('lets documents of other kinds be', () => {
    expect(misfits([{ apiVersion: 'example.com/v1', kind: 'VirtualService', spec: 5 }, { apiVersion: 'batch/v1', kind: 'Job' }, null])).toEqual([]);
  });

  it('knows every kind that is read', () => {
    expect(Object.keys(resourceJsonSchema()['$defs'] as object)).toEqual(expect.arrayContaining(KINDS.map(({ kind }) => `${kind} resource`)));
  });
});
