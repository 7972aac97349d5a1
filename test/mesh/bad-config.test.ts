import { describe, expect, it } from 'vitest';
import { createMesh, type ConfigIssue, type MeshError } from '../../src/index.ts';
import { memoryMesh, REVIEWS, reviewsRules } from '../engine/memory-mesh.ts';

/** Every kind of mistake at once: values, a missing field, a mistyped one, a doubled name, an unknown kind, and no YAML at all. */
const BAD = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - timeout: abc
    retries: {attempts: -1, perTryTimout: 2s}
    route: [{destination: {host: reviews, subset: v1}, weight: -5}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  hst: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v1, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualServise
metadata: {name: x}
spec: {}
---
kind: [oops
`;

type Refusal = Omit<MeshError, 'issues'> & { readonly issues: readonly ConfigIssue[] };

async function refusal(source: Parameters<typeof createMesh>[0]): Promise<Refusal> {
  try {
    await createMesh(source);
  } catch (error) {
    return error as Refusal;
  }
  throw new Error('the configuration was accepted');
}

describe('a bad document', () => {
  it('is reported whole: file, line, field, value, what was expected', async () => {
    const { code, message, issues } = await refusal({ config: { text: BAD, file: 'mesh/reviews.yaml' } });

    expect(code).toBe('ERR_INVALID_CONFIG');
    expect(issues.map(({ severity, line, path }) => `${severity} ${line} ${path}`)).toEqual([
      'error 7 spec.http[0].timeout',
      'error 8 spec.http[0].retries.attempts',
      'error 9 spec.http[0].route[0].weight',
      'error 15 spec.host',
      'error 18 spec.subsets[1].name',
      expect.stringMatching(/^error 2[56] $/),
      'warning 8 spec.http[0].retries.perTryTimout',
      'warning 15 spec.hst',
      'warning 21 kind',
    ]);
    expect(issues.every(({ file }) => file === 'mesh/reviews.yaml')).toBe(true);
    expect(message.split('\n')).toHaveLength(1 + issues.length);
    expect(message).toContain('the configuration has 6 errors, nothing was changed');
  });

  it('an error in line 7 says so, and how to mend it', async () => {
    const { message, issues } = await refusal({ config: { text: BAD, file: 'mesh/reviews.yaml' } });

    expect(message).toContain('mesh/reviews.yaml:7:14: error: VirtualService default/reviews spec.http[0].timeout: must be a duration such as 5s, 0.5s, 250ms or 1h30m, got "abc"');
    expect(issues[0]).toMatchObject({ severity: 'error', file: 'mesh/reviews.yaml', line: 7, column: 14, resource: 'VirtualService default/reviews', path: 'spec.http[0].timeout', value: '"abc"' });
  });

  it('a mistyped field or kind names the right one', async () => {
    const { issues } = await refusal({ config: BAD });

    expect(issues.find(({ path }) => path.endsWith('perTryTimout'))?.hint).toContain('perTryTimeout');
    expect(issues.find(({ path }) => path.endsWith('hst'))?.hint).toContain('host');
    expect(issues.find(({ path }) => path === 'kind')?.hint).toContain('VirtualService');
  });

  it('leaves the last good rules in force, all of them', async () => {
    const { mesh, get } = await memoryMesh([REVIEWS, reviewsRules(`  - route: [{destination: {host: reviews, subset: v1}}]`)], {
      '10.0.0.1:9080': () => ({ body: 'v1' }),
      '10.0.0.2:9080': () => ({ body: 'v2' }),
    });
    const { snapshot, warnings } = mesh;
    const resources = ['vs', 'dr', 'se'].map((kind) => mesh.get(kind));
    const events: unknown[] = [];
    mesh.on('config', (change) => events.push(change));
    // Its first document alone would be fine.
    const halfGood = `${reviewsRules(`  - route: [{destination: {host: reviews, subset: v2}}]`)}\n---\n${BAD}`;

    for (const source of [BAD, halfGood, [halfGood], { kind: 'VirtualService' }, { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: {} }]) {
      await expect(mesh.apply(source)).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG' });
    }

    expect(mesh.snapshot).toBe(snapshot);
    expect(mesh.warnings).toEqual(warnings);
    expect(['vs', 'dr', 'se'].map((kind) => mesh.get(kind))).toEqual(resources);
    expect(await get('http://reviews:9080/')).toMatchObject({ body: 'v1' });
    expect(events).toEqual([]);
  });

  it('among many is told apart by its file', async () => {
    const good = reviewsRules('  - route: [{destination: {host: reviews}}]');
    const { issues } = await refusal({
      config: [{ text: good, file: 'a.yaml' }, { text: good.replace('- route', '- timeout: 3\n    route'), file: 'b.yaml' }, { text: 'a: [', file: 'c.yaml' }, { text: '- 1', file: 'd.yaml' }],
    });

    expect(new Set(issues.filter(({ severity }) => severity === 'error').map(({ file }) => file))).toEqual(new Set(['b.yaml', 'c.yaml', 'd.yaml']));
  });

  it('with a thousand errors shows the first, and says how many there are', async () => {
    const routes = Array.from({ length: 1000 }, () => '  - timeout: abc\n    route: [{destination: {host: reviews}}]').join('\n');

    const { message, issues } = await refusal({ config: reviewsRules(routes) });

    expect(issues.length).toBeGreaterThanOrEqual(100);
    expect(issues.length).toBeLessThanOrEqual(1000);
    expect(message.split('\n').length).toBeLessThan(30);
    expect(message).toMatch(/ and \d+ more/);
  });
});
