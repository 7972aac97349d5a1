import { Readable } from 'node:stream';
import { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { Http2ResetError } from '../../src/engine/http2-wire.ts';
import { meshInfo } from '../../src/index.ts';
import { MemoryService } from '../../src/testing/index.ts';
import { memoryMesh, REVIEWS, reviewsPolicy, reviewsRules, watch } from './memory-mesh.ts';

const URL = 'http://reviews:9080/';
const V1 = '10.0.0.1:9080';
const TO_V1 = 'route: [{destination: {host: reviews, subset: v1}}]';

/** Values of statistics of v1, by the end of their names. */
function counts(stats: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(stats).map(([name, value]) => [name.replace(/^.*;\./, ''), value]));
}

describe('the time of a try', () => {
  it('begins when it has a connection: to wait for one is no part of it', async () => {
    const { clock, mesh, get } = await memoryMesh(
      [REVIEWS, reviewsPolicy('{connectionPool: {tcp: {maxConnections: 1}}}'), reviewsRules(`
  - retries: {attempts: 1, perTryTimeout: 300ms, retryOn: reset}
    ${TO_V1}`)],
      { [V1]: async () => {
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, 200));
        return {};
      } },
    );

    const answers = [1, 2, 3].map(() => watch(get(URL)));
    await clock.advance(700);

    expect(answers.map(({ value }) => value?.status)).toEqual([200, 200, 200]);
    expect(counts(mesh.stats(/v1.*upstream_rq_(per_try_timeout|total)$/))).toEqual({ upstream_rq_per_try_timeout: 0, upstream_rq_total: 3 });
  });

  it('to a gRPC caller is all of its time for the first, whatever went by before it', async () => {
    const { clock, mesh, services } = await memoryMesh(
      [REVIEWS, reviewsPolicy('{connectionPool: {tcp: {maxConnections: 1}}}'), reviewsRules(`
  - timeout: 500ms
    ${TO_V1}`)],
      { [V1]: async () => {
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, 200));
        return {};
      } },
    );

    const headers = { 'content-type': 'application/grpc', 'grpc-timeout': '500m' };
    const answers = [1, 2].map(() => watch(mesh.request(URL, { method: 'POST', headers })));
    await clock.advance(600);

    expect(answers.every(({ settled }) => settled)).toBe(true);
    expect(services[V1]!.requests.map(({ headers }) => headers['grpc-timeout'])).toEqual(['500m', '500m']);
  });
});

describe('the timeout of a route', () => {
  it('that expires between two tries is no timeout of an upstream request', async () => {
    const { clock, mesh, get } = await memoryMesh(
      [REVIEWS, reviewsPolicy('{outlierDetection: {consecutive5xxErrors: 2, maxEjectionPercent: 100}}'), reviewsRules(`
  - timeout: 100ms
    retries: {attempts: 5, retryOn: "503", backoff: 1h}
    ${TO_V1}`)],
      { [V1]: () => ({ status: 503 }) },
    );

    const answer = watch(get(URL));
    await clock.advance(100);

    expect(answer.value).toMatchObject({ status: 504, body: 'upstream request timeout' });
    expect(counts(mesh.stats(/v1.*(;.upstream_rq_(timeout|completed|504|5xx)|retry.upstream_rq_503|ejections_active)$/))).toEqual({
      upstream_rq_timeout: 0, upstream_rq_completed: 0, 'retry.upstream_rq_503': 1, 'outlier_detection.ejections_active': 0,
    });
    expect(clock.pending).toBe(0);
  });
});

describe('a try that still waits for a connection', () => {
  const DETECTOR = 'outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100}';

  it('is not held against its endpoint when the time of the route is over, nor does a log name that one', async () => {
    const { clock, mesh } = await memoryMesh(
      [REVIEWS, reviewsPolicy(`{${DETECTOR}}`), reviewsRules(`
  - timeout: 100ms
    ${TO_V1}`)],
      {},
      { connect: () => {}, transport: () => undefined },
    );

    const response = mesh.request(URL);
    await clock.advance(100);

    expect(meshInfo(await response)).toMatchObject({ status: 504, flags: 'UT', endpoint: undefined });
    expect(counts(mesh.stats(/v1.*(ejections_detected_consecutive_5xx|upstream_rq_timeout)$/))).toEqual({ 'outlier_detection.ejections_detected_consecutive_5xx': 0, upstream_rq_timeout: 1 });
  });

  it.each([
    ['http1MaxPendingRequests: 1, http2MaxRequests: 100', undefined],
    ['http2MaxRequests: 1', V1],
  ])('names no endpoint when it may not even wait, and one whose connection it may not use: %s', async (http, endpoint) => {
    const { clock, mesh } = await memoryMesh([REVIEWS, reviewsPolicy(`{connectionPool: {tcp: {maxConnections: 2}, http: {${http}}}}`), reviewsRules(`
  - ${TO_V1}`)], { [V1]: () => 'hang' });

    const all = ['a', 'b', 'c', 'd'].map((path) => watch(mesh.request(`${URL}${path}`)));
    await clock.advance(10);
    const refused = all.map(({ value }) => value).filter((value) => value !== undefined);

    expect(refused.length).toBeGreaterThan(0);
    for (const response of refused) expect(meshInfo(response)).toMatchObject({ flags: 'UO', endpoint });
  });
});

describe('a body over the replay buffer', () => {
  const ask = async (retries: string, body: string | Readable): Promise<Record<string, number>> => {
    const { mesh } = await memoryMesh([REVIEWS, reviewsRules(`
  - retries: ${retries}
    ${TO_V1}`)], {}, { maxReplayBytes: 100 });
    const response = await mesh.request(URL, { method: 'POST', body });
    await response.body.dump();
    return counts(mesh.stats(/v1.*retry_or_shadow_abandoned$/));
  };
  const stream = (): Readable => Readable.from([Buffer.alloc(60), Buffer.alloc(60)]);

  it.each([
    ['bytes', () => 'x'.repeat(101), '{attempts: 2}', 1],
    ['a stream', stream, '{attempts: 2}', 1],
    ['bytes of exactly its size', () => 'x'.repeat(100), '{attempts: 2}', 0],
    ['bytes that nobody would send again', () => 'x'.repeat(101), '{attempts: 0}', 0],
  ])('counts as given up, whatever is answered: %s', async (_what, body, retries, expected) => {
    expect(await ask(retries, body())).toEqual({ retry_or_shadow_abandoned: expected });
  });
});

describe('an informational answer', () => {
  /** Answers 103, then as the service of the same number says. */
  class Hinting extends Dispatcher {
    readonly #end: (handler: Dispatcher.DispatchHandler, controller: Dispatcher.DispatchController) => void;
    requests = 0;

    constructor(end: (handler: Dispatcher.DispatchHandler, controller: Dispatcher.DispatchController) => void) {
      super();
      this.#end = end;
    }

    override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      this.requests++;
      const controller = { aborted: false, abort: () => {} } as never;
      handler.onRequestStart?.(controller, {});
      handler.onResponseStart?.(controller, 103, { link: '</x>' }, '');
      this.#end(handler, controller);
      return true;
    }
  }
  const RULES = reviewsRules(`
  - retries: {attempts: 3, retryOn: "5xx", backoff: 1ms}
    ${TO_V1}`);

  it('settles that there is no retry, and is the answer that counts when the connection breaks then', async () => {
    const service = new Hinting((handler, controller) => handler.onResponseError?.(controller, Object.assign(new Error('gone'), { code: 'ECONNRESET' })));
    const { mesh } = await memoryMesh([REVIEWS, RULES], {}, { transport: () => service });

    const response = await mesh.request(URL);

    expect(meshInfo(response)).toMatchObject({ status: 503, flags: 'UC', details: 'upstream_reset_after_response_started{connection_termination}', attempts: 1 });
    expect(counts(mesh.stats(/v1.*;.upstream_rq_(\d|completed|retry)/))).toMatchObject({ upstream_rq_103: 1, upstream_rq_1xx: 1, upstream_rq_completed: 1, upstream_rq_retry: 0 });
    expect(service.requests).toBe(1);
  });

  it('is counted beside the answer', async () => {
    const service = new Hinting((handler, controller) => {
      handler.onResponseStart?.(controller, 503, {}, '');
      handler.onResponseEnd?.(controller, {});
    });
    const { mesh } = await memoryMesh([REVIEWS, RULES], {}, { transport: () => service });

    const response = await mesh.request(URL);

    expect(meshInfo(response)).toMatchObject({ status: 503, flags: '-', attempts: 1 });
    expect(counts(mesh.stats(/v1.*;.(upstream_rq_(\d|completed|retry)|retry_or)/))).toMatchObject({
      upstream_rq_103: 1, upstream_rq_503: 1, upstream_rq_completed: 2, upstream_rq_retry_limit_exceeded: 0, retry_or_shadow_abandoned: 0,
    });
  });
});

describe('retries', () => {
  it('keep the connection of an answer without a body, and break off one with a body', async () => {
    let calls = 0;
    const { clock, mesh } = await memoryMesh([REVIEWS, reviewsRules(`
  - retries: {attempts: 1, retryOn: "503,204", backoff: 1ms}
    ${TO_V1}`)], { [V1]: ({ path }) => (++calls % 2 === 0 ? {} : path === '/204' ? { status: 204 } : path === '/none' ? { status: 503, headers: { 'content-length': '0' } } : { status: 503, body: 'sorry' }) });
    const connections = async (path: string, method: 'GET' | 'HEAD' = 'GET'): Promise<number | undefined> => {
      const before = counts(mesh.stats(/v1.*upstream_cx_total$/))['upstream_cx_total'] ?? 0;
      const response = mesh.request(`${URL}${path}`, { method });
      await clock.advance(10);
      await (await response).body.dump();
      return counts(mesh.stats(/v1.*upstream_cx_total$/))['upstream_cx_total']! - before;
    };

    expect(await connections('first')).toBe(2);
    expect(await connections('204')).toBe(0);
    expect(await connections('none')).toBe(0);
    expect(await connections('some', 'HEAD')).toBe(0);
    expect(await connections('some')).toBe(1);
  });

  it('with reset-before-request end when any try has sent something', async () => {
    let tries = 0;
    const refusesStream = new MemoryService();
    refusesStream.dispatch = (_options, handler) => {
      handler.onRequestStart?.({ abort: () => {} } as never, {});
      handler.onResponseError?.(undefined as never, new Http2ResetError('remote-refused', 'refused'));
      return true;
    };
    const { clock, mesh } = await memoryMesh([REVIEWS, reviewsRules(`
  - retries: {attempts: 3, retryOn: "refused-stream,reset-before-request", backoff: 1ms}
    ${TO_V1}`)], {}, {
      transport: () => (++tries === 1 ? refusesStream : undefined),
      connect: (_target, callback) => callback(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
    });

    const response = mesh.request(URL);
    await clock.advance(50);

    expect(meshInfo(await response)).toMatchObject({ status: 503, flags: 'UF', attempts: 2 });
  });

  it('with retryRemoteLocalities leave a priority after two of its hosts', async () => {
    const zones = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: zones}
spec:
  hosts: [zones.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints:
  - {address: 10.1.0.1, locality: east/a/x}
  - {address: 10.1.0.2, locality: east/a/x}
  - {address: 10.2.0.1, locality: west/a/x}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: zones}
spec: {host: zones, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 100}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: zones}
spec:
  hosts: [zones]
  http:
  - match: [{uri: {prefix: /far}}]
    retries: {attempts: 4, retryOn: "503", backoff: 1ms, retryRemoteLocalities: true}
    route: [{destination: {host: zones}}]
  - retries: {attempts: 4, retryOn: "503", backoff: 1ms}
    route: [{destination: {host: zones}}]`;
    const { clock, mesh, services } = await memoryMesh([zones], Object.fromEntries(['10.1.0.1', '10.1.0.2', '10.2.0.1'].map((ip) => [`${ip}:9080`, () => ({ status: 503 })])), { workload: { locality: 'east/a/x' } });
    const tried = async (path: string): Promise<string[]> => {
      const response = mesh.request(`http://zones:9080/${path}`);
      await clock.advance(200);
      expect(meshInfo(await response)?.attempts).toBe(5);
      return Object.entries(services).flatMap(([address, { requests }]) =>
        requests.filter((request) => request.path === `/${path}`).map(({ headers }) => `${headers['x-envoy-attempt-count']} ${address.slice(0, 4)}`)).sort();
    };

    expect(await tried('near')).toEqual(['1 10.1', '2 10.1', '3 10.1', '4 10.1', '5 10.1']);
    // The fourth try goes where the third went; then both priorities are used up, and all begins anew.
    expect(await tried('far')).toEqual(['1 10.1', '2 10.1', '3 10.2', '4 10.2', '5 10.1']);
  });
});

describe('the outlier detector', () => {
  it.each([
    ['a gRPC call', { 'content-type': 'application/grpc' }, '14', 1],
    ['a gRPC call and a status that is none', { 'content-type': 'application/grpc+proto' }, '99', 1],
    ['a gRPC call that went well', { 'content-type': 'application/grpc' }, '0', 0],
    ['a gRPC call whose caller was wrong', { 'content-type': 'application/grpc' }, '3', 0],
    ['any other call', {}, '14', 0],
  ])('looks at the gRPC status of %s', async (_what, headers, status, ejected) => {
    const { mesh } = await memoryMesh(
      [REVIEWS, reviewsPolicy('{outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100}}'), reviewsRules(`
  - retries: {attempts: 0}
    ${TO_V1}`)],
      { [V1]: () => ({ headers: { 'grpc-status': status } }) },
    );
    await (await mesh.request(URL, { method: 'POST', headers, body: 'x' })).body.dump();

    expect(counts(mesh.stats(/v1.*ejections_active$/))).toEqual({ 'outlier_detection.ejections_active': ejected });
  });
});

describe('trailers', () => {
  class Trailing extends Dispatcher {
    override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      const controller = { aborted: false, abort: () => {} } as never;
      handler.onRequestStart?.(controller, {});
      handler.onResponseStart?.(controller, 200, {}, '');
      handler.onResponseEnd?.(controller, { 'x-sum': '1' });
      return true;
    }
  }

  it.each([
    [true, 'UPGRADE', { 'x-sum': '1' }],
    [true, 'DEFAULT', {}],
    [false, 'UPGRADE', {}],
    [false, 'DEFAULT', {}],
  ])('go from an endpoint to a caller where both speak HTTP/2: caller %s, endpoint %s', async (http2, policy, expected) => {
    const { mesh } = await memoryMesh([REVIEWS, reviewsPolicy(`{connectionPool: {http: {h2UpgradePolicy: ${policy}}}}`)], {}, { transport: () => new Trailing() });
    const response = await mesh.request(URL, { http2 } as never);
    await response.body.dump();

    expect(response.trailers).toEqual(expected);
  });
});
