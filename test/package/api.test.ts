import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { publishedApi } from '../../scripts/api/published-api.ts';
import { apiFile, ENTRIES } from '../../scripts/api/snapshot.ts';
import { withBuild } from '../../scripts/ensure-build.ts';
import { ROOT } from './support/packed.ts';

// A change of what is published shows in a review as a change of these texts, and docs/versioning.md says what it costs.
describe('the published types', { timeout: 120_000 }, () => {
  let api: ReadonlyMap<string, string>;
  beforeAll(async () => {
    api = await withBuild(() => publishedApi(join(ROOT, 'dist'), ENTRIES));
  }, 180_000);

  it.each(ENTRIES)('of %s are those that were agreed on', (entry) => {
    const agreed = existsSync(apiFile(entry)) ? readFileSync(apiFile(entry), 'utf8') : '';

    expect(
      api.get(entry),
      `The public API of ${entry} changed. If that is meant: \`npm run api\` rewrites test/package/api/${entry}.txt; commit it with a line in CHANGELOG.md. Whether it breaks callers, and what version that asks for, is in docs/versioning.md`,
    ).toBe(agreed);
  });

  it('have no text of an entry that is gone', () => {
    expect(readdirSync(dirname(apiFile('index'))).map((file) => basename(file, '.txt')).sort()).toEqual([...ENTRIES].sort());
  });
});
