import { describe, expect, it } from 'vitest';
import { memoryMesh, REVIEWS, reviewsRules } from './memory-mesh.ts';

const V1 = '10.0.0.1:9080';

async function lineOf(rules: string, request: { path?: string; method?: string; headers?: Record<string, string | string[]>; body?: string } = {}): Promise<string> {
  const lines: string[] = [];
  const { mesh } = await memoryMesh([REVIEWS, reviewsRules(rules)], { [V1]: () => ({ body: 'ok' }) }, { accessLog: (line) => lines.push(line) });
  const { path = '/', method = 'GET', ...rest } = request;
  const response = await mesh.request(`http://reviews:9080${path}`, { method: method as 'GET', ...rest, sourceAddress: '192.0.2.1' });
  await response.body.dump();
  await new Promise((resolve) => setImmediate(resolve));
  return lines.join('\n');
}

const FORWARD = '  - route: [{destination: {host: reviews, subset: v1}}]';
const DIRECT = '  - directResponse: {status: 418, body: {string: teapot}}';

describe('the line of the access log', () => {
  // Source: Envoy `getLastAddressFromXFF`.
  it.each([
    [undefined, '192.0.2.1:0'],
    ['198.51.100.1', '198.51.100.1:0'],
    ['198.51.100.1, 198.51.100.2', '198.51.100.2:0'],
    [['198.51.100.1', '198.51.100.3'], '198.51.100.3:0'],
    ['198.51.100.1, nobody', '192.0.2.1:0'],
  ])('with x-forwarded-for %j is of the caller at %s', async (forwarded, address) => {
    expect(await lineOf(FORWARD, { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } })).toContain(` ${address} - -`);
  });

  it('tells the caller as it came, whatever rules make of the header', async () => {
    const rules = `${FORWARD}\n    headers: {request: {set: {x-forwarded-for: 203.0.113.9}}}`;

    expect(await lineOf(rules, { headers: { 'x-forwarded-for': '198.51.100.1' } })).toMatch(/"203\.0\.113\.9".* 198\.51\.100\.1:0 - -$/);
  });

  // Source: Envoy `ConnectionManagerImpl::doEndStream`, which resets a request that is not complete.
  it('counts no body that nobody read, because the answer was there before it', async () => {
    expect(await lineOf(DIRECT, { method: 'POST', body: 'hello' })).toContain('418 - direct_response - "-" 0 6 ');
    expect(await lineOf(FORWARD, { method: 'POST', body: 'hello' })).toContain('200 - via_upstream - "-" 5 2 ');
  });
});
