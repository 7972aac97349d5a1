import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ConfigReader } from '../../src/discovery/config-reader.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { LiveConfig } from '../../src/live-config.ts';
import { MeshConfig } from '../../src/mesh-config.ts';
import { REVIEWS, reviewsRules } from '../engine/memory-mesh.ts';

const COMPILE = { workload: { namespace: 'default', labels: {} }, legacySemantics: true };

const rulesTo = (subset: string): string => `${REVIEWS}---${reviewsRules(`  - route: [{destination: {host: reviews, subset: ${subset}}}]`)}`;

/** Something happens to the files after they were looked for and before they are read, the first time. */
class UnluckyConfig extends MeshConfig {
  readonly #meanwhile: () => Promise<void>;

  constructor(meanwhile: () => Promise<void>) {
    super({ legacySemantics: true }, COMPILE);
    this.#meanwhile = meanwhile;
  }

  override reader(...args: Parameters<MeshConfig['reader']>): ConfigReader {
    const reader = super.reader(...args);
    const read = reader.read.bind(reader);
    let isFirst = true;
    reader.read = async (scan) => {
      if (isFirst) await this.#meanwhile();
      isFirst = false;
      return read(scan);
    };
    return reader;
  }
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ts-mesh-'));
  await writeFile(join(folder, 'rules.yaml'), rulesTo('v1'));
});
afterEach(() => rm(folder, { recursive: true }));

async function start(path: string, meanwhile: () => Promise<void>): Promise<MeshConfig> {
  const config = new UnluckyConfig(meanwhile);
  const live = await LiveConfig.start(config, { config: path }, systemClock, { changed: () => {}, failed: () => {} });
  live.close();
  return config;
}

it('a file that goes while it is read is missing, and no mesh without rules begins', async () => {
  const file = join(folder, 'rules.yaml');

  await expect(start(file, () => rm(file))).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG', message: expect.stringContaining('no such file or folder') as string });
});

it('files of a folder that get other names while they are read are there', async () => {
  const config = await start(folder, async () => {
    await writeFile(join(folder, 'other.yaml'), rulesTo('v2'));
    await rm(join(folder, 'rules.yaml'));
  });

  expect(config.get('VirtualService/reviews')).toHaveLength(1);
});
