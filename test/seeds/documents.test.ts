import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMesh, type Mesh } from '../../src/index.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const FILES = ['seeds/kim', 'seeds/bookinfo', 'kim-shop', 'bookinfo'].flatMap((folder) =>
  readdirSync(join(EXAMPLES, folder)).filter((file) => file.endsWith('.yaml')).map((file) => `${folder}/${file}`),
);

/** Spellings that today's Istio refuses or ignores: accepted, with a word about it. */
const REMARKS: Readonly<Record<string, string>> = {
  'seeds/kim/circuit-breaking.yaml': 'spec.trafficPolicy.outlierDetection.consecutiveErrors',
  'seeds/bookinfo/httpbin-circuit-breaker.yaml': 'spec.trafficPolicy.outlierDetection.consecutiveErrors',
  'seeds/bookinfo/httpbin-mirror.yaml': 'spec.http[0].mirrorPercent',
  'seeds/kim/vs-cheng-abort.yaml': 'spec.http[0]',
};

describe("the walk-throughs' own documents", () => {
  let mesh: Mesh;
  beforeEach(async () => {
    mesh = await createMesh();
  });
  afterEach(() => mesh.close());

  it.each(FILES)('%s is accepted', async (file) => {
    const { changed, warnings } = await mesh.apply(join(EXAMPLES, file));

    expect(changed.length).toBeGreaterThan(0);
    // A single file names services that another one declares.
    const remarks = warnings.filter(({ message }) => !message.startsWith('no Service or ServiceEntry declares'));
    expect(remarks.map(({ path }) => path)).toEqual(REMARKS[file] === undefined ? [] : [REMARKS[file]]);
  });

  it('are accepted all at once', async () => {
    await mesh.apply(FILES.map((file) => join(EXAMPLES, file)));

    expect(mesh.get('VirtualService').map(({ metadata }) => metadata.name)).toContain('direct-cnn-through-egress-gateway');
  });
});
