// Two versions of a service, a canary rule, and fetch that obeys it: `node examples/quick-start/quick-start.ts`.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { configureMesh, meshFetch } from '../../src/index.ts'; // from 'ts-mesh' in your project

async function serve(version: string): Promise<{ address: string; labels: { version: string } }> {
  const server = createServer((_request, response) => response.end(`hello from ${version}`)).listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, labels: { version } };
}

await configureMesh({
  config: `${import.meta.dirname}/canary.yaml`,
  endpoints: { 'hello:80': [await serve('v1'), await serve('v2')] },
});

const answers: Record<string, number> = {};
for (let i = 0; i < 100; i++) {
  const text = await (await meshFetch('http://hello/')).text();
  answers[text] = (answers[text] ?? 0) + 1;
}
console.log('anybody:', answers);

const jason = await meshFetch('http://hello/', { headers: { 'end-user': 'jason' } });
console.log('jason:  ', await jason.text());
