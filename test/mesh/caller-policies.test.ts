import { describe, expect, it } from 'vitest';
import { createMesh, meshInfo, type MeshOptions } from '../../src/index.ts';
import { MemoryService, VirtualClock } from '../../src/testing/index.ts';

/** What becomes of a call with `headers` to a service that answers 503 twice and then 200, each after 100 ms. */
async function call(headers: Record<string, string>, options: MeshOptions): Promise<{ info: ReturnType<typeof meshInfo>; upstream: Record<string, unknown>[] }> {
  const clock = new VirtualClock();
  const upstream: Record<string, unknown>[] = [];
  const service = new MemoryService(async (request) => {
    upstream.push(request.headers);
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 100));
    return { status: upstream.length < 3 ? 503 : 200 };
  });
  await using mesh = await createMesh({ endpoints: { 'reviews:9080': [{ address: '10.0.0.1:9080' }] }, clock, seed: 1, transport: () => service, ...options });
  const response = mesh.request('http://reviews:9080/', { headers });
  for (let i = 0; i < 40; i++) await clock.advance(25);
  const info = meshInfo(await response);
  void (await response).body.dump();
  const closed = mesh.close({ drainMs: 0 });
  await clock.advance(1000);
  await closed;
  return { info, upstream };
}

describe('headers by which a caller steers its own call', () => {
  const RETRIES = { 'x-envoy-retry-on': '5xx', 'x-envoy-max-retries': '3' };
  const TIMEOUT = { 'x-envoy-upstream-rq-timeout-ms': '150' };

  it('count for nothing by default, and go no further', async () => {
    const { info, upstream } = await call({ ...RETRIES, ...TIMEOUT }, {});

    expect(info).toMatchObject({ status: 503, attempts: 1 });
    for (const name of Object.keys({ ...RETRIES, ...TIMEOUT })) expect(upstream[0]).not.toHaveProperty(name);
  });

  it('count where callers are trusted, and go no further either', async () => {
    const { info, upstream } = await call(RETRIES, { callerPolicies: 'honor' });

    expect(info).toMatchObject({ status: 200, attempts: 3 });
    for (const name of Object.keys(RETRIES)) expect(upstream[0]).not.toHaveProperty(name);
  });

  it('bound the whole call', async () => {
    const { info, upstream } = await call({ ...RETRIES, ...TIMEOUT }, { callerPolicies: 'honor' });

    expect(info).toMatchObject({ status: 504, flags: 'UT', attempts: 2 });
    expect(upstream[0]).toMatchObject({ 'x-envoy-expected-rq-timeout-ms': '150' });
  });
});
