import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { CompileOptions } from '../../../src/config/compile.ts';
import { readResources, type ConfigInput } from '../../../src/config/read-resources.ts';
import type { Resource } from '../../../src/config/resource.ts';

export const DATA = join(import.meta.dirname, '../../conformance/data');

interface CaseFile {
  world?: string | string[];
  client?: { namespace?: string; labels?: Record<string, string>; locality?: string };
  mesh?: unknown;
  config?: string;
}

/** What a recorded case gives the compiler: the resources of its worlds and its own, and who calls. */
export function caseInput(id: string): { resources: Resource[]; options: CompileOptions } {
  const { world = [], client = {}, mesh, config = '' } = parse(readFileSync(join(DATA, 'cases', `${id}.yaml`), 'utf8')) as CaseFile;
  const inputs: ConfigInput[] = [world].flat().map((name) => ({ text: readFileSync(join(DATA, 'worlds', `${name}.yaml`), 'utf8'), file: `${name}.yaml` }));
  if (mesh !== undefined) inputs.push({ object: meshConfigMap(mesh) });
  inputs.push({ text: config, file: `${id}.yaml` });
  const { resources } = readResources(inputs, { legacySemantics: false });
  const { namespace = 'default', labels = {}, locality } = client;
  return { resources, options: { version: 1, workload: { namespace, labels, locality }, legacySemantics: false } };
}

function meshConfigMap(mesh: unknown): unknown {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio', namespace: 'istio-system' },
    data: { mesh: stringify(mesh) },
  };
}
