// npm run api: writes what the published types promise to test/package/api, for a review to see what changes in it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild } from '../ensure-build.ts';
import { publishedApi } from './published-api.ts';
import { apiFile, ENTRIES } from './snapshot.ts';

await ensureBuild();
for (const [entry, text] of publishedApi(join(import.meta.dirname, '..', '..', 'dist'), ENTRIES)) writeFileSync(apiFile(entry), text);
