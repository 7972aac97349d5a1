import { describe, expect, it } from 'vitest';
import { inboundContextOf, meshInfo, withInbound, type InboundContext } from '../../src/index.ts';
import type { ServiceAnswer, ServiceRequest } from '../../src/testing/index.ts';
import { memoryMesh, REVIEWS, reviewsRules, watch, type Answer } from '../engine/memory-mesh.ts';

const TRACE = ['x-b3-traceid', '463ac35c9f6413ad48485a3953bb6124', 'x-b3-spanid', 'a2fb4a1d1a96d312', 'x-b3-sampled', '1'];

/** A mesh whose endpoints keep what they were asked. */
async function world(http = '  - route: [{destination: {host: reviews}}]', answer: ServiceAnswer = { body: 'ok' }) {
  const seen: Readonly<Record<string, unknown>>[] = [];
  const answers = ({ headers }: ServiceRequest): ServiceAnswer => {
    seen.push(headers);
    return answer;
  };
  const made = await memoryMesh([REVIEWS, reviewsRules(http)], { '10.0.0.1:9080': answers, '10.0.0.2:9080': answers });
  const call = (context: InboundContext, headers?: Record<string, string>): Promise<Answer> => withInbound(context, () => made.get('http://reviews:9080/', headers));
  return { ...made, seen, call };
}

describe('the context of a request that came in', () => {
  it('flows to calls, and headers of a call of its own win', async () => {
    const { call, seen } = await world();
    const context: InboundContext = { headers: ['x-request-id', 'r1', 'end-user', 'jason', ...TRACE] };

    await call(context);
    await call(context, { 'end-user': 'jim' });

    expect(seen[0]).toMatchObject({ 'x-request-id': 'r1', 'end-user': 'jason', 'x-b3-traceid': TRACE[1], 'x-b3-parentspanid': TRACE[3], 'x-b3-sampled': '1' });
    expect(seen[0]!['x-b3-spanid']).not.toBe(TRACE[3]);
    expect(seen[1]).toMatchObject({ 'end-user': 'jim', 'x-request-id': 'r1' });
  });

  it('does not mix two traces', async () => {
    const { call, seen } = await world();

    await call({ headers: ['baggage', 'a=1', ...TRACE] }, { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' });

    expect(seen[0]).toMatchObject({ baggage: 'a=1', traceparent: expect.stringContaining('4bf92f') });
    expect(seen[0]).not.toHaveProperty('x-b3-traceid');
  });

  it('ends with the request, and reaches what that leaves behind', async () => {
    const { get, seen } = await world();
    let later: Promise<unknown> | undefined;
    withInbound({ headers: ['end-user', 'jason'] }, () => {
      later = Promise.resolve().then(() => get('http://reviews:9080/'));
    });
    await get('http://reviews:9080/');
    await later;

    expect(seen.map((headers) => headers['end-user']).sort()).toEqual(['jason', undefined]);
  });

  it('is what rules see', async () => {
    const { call, services } = await world(`
  - match: [{headers: {end-user: {exact: jason}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v1}}]`);

    await call({ headers: ['end-user', 'jason'] });

    expect(services['10.0.0.2:9080']!.requests).toHaveLength(1);
  });

  describe('deadline', () => {
    it('bounds a call that no route bounds, and tells the upstream what is left', async () => {
      const { clock, mesh, seen } = await world();
      const { headers, deadlineAtMs } = inboundContextOf((name) => ({ 'x-envoy-expected-rq-timeout-ms': '500' })[name], { now: () => clock.now() });
      await clock.advance(200.5);

      await withInbound({ headers, deadlineAtMs }, () => mesh.request('http://reviews:9080/'));

      expect(seen[0]).toMatchObject({ 'x-envoy-expected-rq-timeout-ms': '299' });
    });

    it('fails a call when it comes, with 504 UT', async () => {
      const { clock, mesh } = await world(undefined, 'hang');
      const call = withInbound({ headers: [], deadlineAtMs: clock.now() + 500 }, () => mesh.request('http://reviews:9080/'));
      const told = watch(call);
      await clock.advance(499);
      expect(told.settled).toBe(false);
      await clock.advance(1);

      expect((await call).statusCode).toBe(504);
    });

    it.each(['', 'abort: {httpStatus: 418, percentage: {value: 100}}'])('ends the delay of a fault (%s)', async (more) => {
      const { clock, mesh, seen } = await world(`  - fault: {delay: {fixedDelay: 7s, percentage: {value: 100}}, ${more}}\n    route: [{destination: {host: reviews}}]`);
      const call = withInbound({ headers: [], deadlineAtMs: clock.now() + 500 }, () => mesh.request('http://reviews:9080/'));
      const told = watch(call);
      await clock.advance(499);
      expect(told.settled).toBe(false);
      await clock.advance(1);

      expect(meshInfo(await call)).toMatchObject({ status: 504, flags: 'DI,UT' });
      expect(seen).toHaveLength(0);
    });

    it('holds for a call whose body took its time, to the last of its tries', async () => {
      const { mesh, clock, seen } = await world('  - retries: {attempts: 1, perTryTimeout: 500ms, retryOn: "5xx", backoff: 1ms}\n    route: [{destination: {host: reviews}}]', 'hang');
      const body = Promise.withResolvers<void>();
      async function* slowly(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('a');
        await body.promise;
      }
      const call = withInbound({ headers: [], deadlineAtMs: clock.now() + 1000 }, () => mesh.request('http://reviews:9080/', { method: 'PUT', body: slowly() as never }));
      const told = watch(call);
      await clock.advance(400);
      body.resolve();
      await clock.advance(0);
      await clock.advance(599);
      expect(told.settled).toBe(false);
      await clock.advance(1);

      expect(told.value?.statusCode).toBe(504);
      expect(seen.map((headers) => headers['x-envoy-expected-rq-timeout-ms'])).toEqual(['500', '100']);
    });

    it('that is past sends nothing', async () => {
      const { call, clock, seen } = await world();

      expect((await call({ headers: [], deadlineAtMs: clock.now() })).status).toBe(504);
      expect(seen).toHaveLength(0);
    });

    it.each([
      [{ 'x-envoy-expected-rq-timeout-ms': '500' }, {}, 500],
      [{ 'grpc-timeout': '2S' }, {}, 2000],
      [{ 'x-envoy-expected-rq-timeout-ms': 'soon' }, {}, undefined],
      [{ 'x-envoy-expected-rq-timeout-ms': '500' }, { deadline: false }, undefined],
      [{}, {}, undefined],
    ])('of %j with %j: %s', (headers: Record<string, string>, options, deadlineAtMs) => {
      expect(inboundContextOf((name) => headers[name], { ...options, now: () => 0 }).deadlineAtMs).toBe(deadlineAtMs);
    });
  });

  it('takes the headers that are asked for, by any case', () => {
    const headers: Record<string, string> = { authorization: 'secret', cookie: 'c', 'x-tenant': 't' };

    expect(inboundContextOf((name) => headers[name], { headers: ['X-Tenant'] }).headers).toEqual(['x-tenant', 't']);
  });
});
