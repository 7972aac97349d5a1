import { expect } from 'vitest';
import { compileSnapshot } from '../../../src/config/compile.ts';
import { formatIssue } from '../../../src/config/issue.ts';
import { KINDS } from '../../../src/config/kinds.ts';
import { readResources, type ConfigInput, type ReadOptions } from '../../../src/config/read-resources.ts';
import type { Resource } from '../../../src/config/resource.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';

const KNOWN_KINDS: ReadonlySet<string> = new Set(KINDS.map(({ kind }) => kind));

/** An issue is for people to read, however large what it is about. */
const LONGEST_ISSUE = 4000;

/** How many texts and objects were read, for reports. */
export const inputs = { count: 0, compiled: 0 };

/**
 * Reads `input` as `mesh.apply` does. Whatever it is, there is a list of issues, each with its place in the text, and no
 * trace elsewhere; and if there is no error, it compiles, together with `world`.
 *
 * @returns `undefined` when there is an error.
 */
export function throughTheDoor(input: ConfigInput, options: ReadOptions = {}, world: readonly Resource[] = []): Snapshot | undefined {
  inputs.count++;
  const before = pristine();
  const { resources, issues } = readResources([input], options);
  expect(pristine()).toBe(before);

  const lines = 'text' in input ? input.text.split('\n').length : 1;
  for (const issue of issues) {
    expect(issue.file).toMatch(/./);
    expect(issue.message).toMatch(/./);
    expect(issue.code).toMatch(/^(?:ERR|WARN)_[A-Z_]+$/);
    // istioctl says less, so that what is an error here may be a mere remark there.
    if (options.rules !== 'istioctl') expect(issue.code.startsWith('ERR_')).toBe(issue.severity === 'error');
    expect(formatIssue(issue).length).toBeLessThan(LONGEST_ISSUE);
    expect(issue.column).toBeGreaterThanOrEqual(1);
    expect(issue.line).toBeGreaterThanOrEqual(1);
    expect(issue.line).toBeLessThanOrEqual(lines);
  }
  for (const { kind } of resources) expect(KNOWN_KINDS).toContain(kind);
  if (issues.some(({ severity }) => severity === 'error')) return undefined;
  // Istio takes rules that its proxies refuse; by its verdict alone nothing is ever compiled.
  if (options.rules === 'istioctl' && readResources([input], { ...options, rules: 'apply' }).issues.some(({ severity }) => severity === 'error')) return undefined;

  inputs.compiled++;
  const { snapshot } = compileSnapshot([...world, ...resources], { version: 1, workload: { namespace: 'default', labels: { app: 'it' } }, legacySemantics: options.legacySemantics ?? true });
  expect(pristine()).toBe(before);
  return snapshot;
}

/** What the prototypes that everything inherits from have. */
function pristine(): number {
  return [Object, Array, Function, String, Map].reduce((sum, { prototype }) => sum + Reflect.ownKeys(prototype).length, 0);
}
