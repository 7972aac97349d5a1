import { describe, expect, it } from 'vitest';
import { meshInfo } from '../../src/index.ts';
import { memoryMesh, REVIEWS, reviewsPolicy, reviewsRules, watch } from './memory-mesh.ts';

const V1 = '10.0.0.1:9080';
const V2 = '10.0.0.2:9080';
const URL = 'http://reviews:9080/x';

describe('a request through the mesh', () => {
  it('goes to the first rule that matches, with what a sidecar adds', async () => {
    const { get, services } = await memoryMesh([REVIEWS, reviewsRules(`
  - match: [{headers: {end-user: {exact: jason}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v1}}]`)], { [V2]: () => ({ body: 'v2', headers: { server: 'own' } }) });

    const answer = await get(`${URL}?a=1`, { 'End-User': 'jason' });

    expect(answer).toMatchObject({ status: 200, body: 'v2', headers: { server: 'envoy', 'x-envoy-upstream-service-time': '0' } });
    expect(services[V2]!.requests).toMatchObject([{ method: 'GET', path: '/x?a=1', headers: {
      host: 'reviews:9080', 'end-user': 'jason', 'x-envoy-attempt-count': '1', 'x-forwarded-proto': 'http',
      'x-request-id': expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      'x-b3-traceid': expect.stringMatching(/^[0-9a-f]{32}$/), 'x-b3-spanid': expect.stringMatching(/^[0-9a-f]{16}$/),
    } }]);
    expect(services[V1]).toBeUndefined();
  });

  it.each([
    ['no route', '/none', 404, 'NR', '', 'route_not_found'],
    ['no cluster', '/nc', 503, 'NC', '', 'cluster_not_found'],
    ['no endpoint', '/uh', 503, 'UH', 'no healthy upstream', 'no_healthy_upstream'],
    ['a direct response', '/direct', 299, '-', 'hello', 'direct_response'],
    ['an abort', '/abort', 555, 'FI', 'fault filter abort', 'fault_filter_abort'],
  ])('%s: the answer is Envoy\'s', async (_what, path, status, flags, body, details) => {
    const { mesh } = await memoryMesh([REVIEWS.replace('subsets:', 'subsets:\n  - {name: none, labels: {version: v77}}'), reviewsRules(`
  - match: [{uri: {prefix: /nc}}]
    route: [{destination: {host: reviews, subset: v9}}]
  - match: [{uri: {prefix: /uh}}]
    route: [{destination: {host: reviews, subset: none}}]
  - match: [{uri: {prefix: /direct}}]
    directResponse: {status: 299, body: {string: hello}}
  - match: [{uri: {prefix: /abort}}]
    fault: {abort: {httpStatus: 555, percentage: {value: 100}}}
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{uri: {prefix: /never}}]
    route: [{destination: {host: reviews}}]`)]);

    const response = await mesh.request(`http://reviews:9080${path}`);

    expect(response.statusCode).toBe(status);
    expect(await response.body.text()).toBe(body);
    expect(meshInfo(response)).toMatchObject({ status, flags, details, attempts: 0 });
  });

  // Source: Envoy `ConnectionManagerImpl::ActiveStream::decodeHeaders`.
  it.each(['*', 'x'])('a request for %s, which is no path, gets no further', async (path) => {
    const { mesh } = await memoryMesh([REVIEWS, reviewsRules('  - directResponse: {status: 299}')]);

    const response = await mesh.dispatcher.request({ origin: 'http://reviews:9080', path, method: 'OPTIONS' }).catch((error: unknown) => error);

    if (response instanceof Error) expect(path).toBe('x');
    else expect(meshInfo(response)).toMatchObject({ status: 404, flags: '-', details: 'absolute_path_rejected' });
  });

  // Source: Envoy `sendLocalReply`, which notes the details first; an upstream's answer gets its details only after the operations.
  it('a head that is too large, and a path that would take seconds to rewrite, get no further', async () => {
    const { mesh } = await memoryMesh([REVIEWS, reviewsRules(`
  - rewrite: {uriRegexRewrite: {match: "a.*b|a", rewrite: c}}
    route: [{destination: {host: reviews, subset: v1}}]`)], { [V1]: ({ path }) => ({ body: path }) });
    const get = async (path: string): Promise<unknown> => {
      const response = await mesh.request(`http://reviews:9080${path}`);
      return { ...meshInfo(response), body: await response.body.text() };
    };

    expect(await get('/aab')).toMatchObject({ status: 200, body: '/c' });
    expect(await get(`/${'a'.repeat(61_440)}`)).toMatchObject({ status: 431, flags: 'DPE', details: 'http1.headers_too_large', attempts: 0, body: 'Request Header Fields Too Large' });
    expect(await get(`/${'a'.repeat(50_000)}`)).toMatchObject({ status: 414, flags: '-', details: 'path_rewrite_too_long', attempts: 0, body: '' });
  });

  it('an answer made of the words of the caller has whole lines, or is none', async () => {
    const { mesh } = await memoryMesh([REVIEWS, reviewsRules(`
  - match: [{method: {exact: OPTIONS}}]
    corsPolicy: {allowOrigins: [{prefix: http}]}
    route: [{destination: {host: reviews, subset: v1}}]
  - directResponse: {status: 200}
    headers: {response: {set: {x-echo: "%REQ(x)%"}}}`)]);
    const call = (headers: string[], method: 'GET' | 'OPTIONS' = 'GET'): Promise<unknown> =>
      mesh.dispatcher.request({ origin: 'http://reviews:9080', path: '/', method, headers }).then(({ body, ...answer }) => body.dump().then(() => answer));

    expect(await call(['x', 'a'])).toMatchObject({ headers: { 'x-echo': 'a' } });
    await expect(call(['x', 'a\r\nset-cookie: b'])).rejects.toMatchObject({ code: 'UND_ERR_INVALID_ARG', message: 'invalid x-echo header' });
    await expect(call(['origin', 'http://a\nb', 'access-control-request-method', 'GET'], 'OPTIONS')).rejects.toMatchObject({ message: 'invalid access-control-allow-origin header' });
  });

  it('tells a gRPC caller that asks for no body no message either', async () => {
    const { mesh } = await memoryMesh([REVIEWS, reviewsRules(`
  - fault: {abort: {httpStatus: 503, percentage: {value: 100}}}
    route: [{destination: {host: reviews, subset: v1}}]`)]);
    const call = async (method: 'HEAD' | 'POST'): Promise<unknown> => (await mesh.request(URL, { method, headers: { 'content-type': 'application/grpc' } })).headers;

    expect(await call('POST')).toMatchObject({ 'grpc-status': '14', 'grpc-message': 'fault filter abort' });
    expect(await call('HEAD')).toMatchObject({ 'grpc-status': '14' });
    expect(await call('HEAD')).not.toHaveProperty('grpc-message');
  });

  it('operations of the response see why a local reply was made', async () => {
    const operations = 'headers: {response: {set: {x-why: "[%RESPONSE_CODE_DETAILS%] [%RESPONSE_CODE%] [%UPSTREAM_CLUSTER%]"}}}';
    const { get } = await memoryMesh([REVIEWS, reviewsRules(`
  - match: [{uri: {prefix: /nc}}]
    ${operations}
    route: [{destination: {host: reviews, subset: v9}}]
  - match: [{uri: {prefix: /direct}}]
    ${operations}
    directResponse: {status: 299}
  - ${operations}
    route: [{destination: {host: reviews, subset: v1}}]`)]);

    expect((await get('http://reviews:9080/nc')).headers['x-why']).toBe('[cluster_not_found] [0] []');
    expect((await get('http://reviews:9080/direct')).headers['x-why']).toBe('[direct_response] [0] []');
    expect((await get(URL)).headers['x-why']).toBe('[via_upstream] [200] [outbound|9080|v1|reviews.default.svc.cluster.local;]');
  });

  it('waits for an injected delay, then goes on; the delay is not counted in the timeout', async () => {
    const { clock, get, mesh } = await memoryMesh([REVIEWS, reviewsRules(`
  - fault: {delay: {fixedDelay: 7s, percentage: {value: 100}}}
    timeout: 1s
    route: [{destination: {host: reviews, subset: v1}}]`)]);

    const answer = watch(get(URL));
    await clock.advance(6999);
    expect(answer.settled).toBe(false);
    expect(mesh.stats(/active_faults/)).toEqual({ 'http.outbound_0.0.0.0_9080;.fault.active_faults': 1 });
    await clock.advance(1);

    expect(answer.value).toMatchObject({ status: 200 });
    expect(mesh.stats(/fault/)).toMatchObject({
      'http.outbound_0.0.0.0_9080;.fault.active_faults': 0, 'http.outbound_0.0.0.0_9080;.fault.delays_injected': 1,
    });
  });

  it('answers 504 when the route timeout expires, and gives the connection back', async () => {
    const { clock, mesh, get } = await memoryMesh(
      [REVIEWS, reviewsRules(`
  - timeout: 500ms
    route: [{destination: {host: reviews, subset: v1}}]`)],
      { [V1]: () => 'hang' },
    );

    const answer = watch(get(URL));
    await clock.advance(499);
    expect(answer.settled).toBe(false);
    await clock.advance(1);

    expect(answer.value).toMatchObject({ status: 504, body: 'upstream request timeout' });
    expect(mesh.stats(/v1.*;\.\w*(_active|rq_timeout|rq_504)$/)).toEqual({
      [`cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_cx_active`]: 0,
      [`cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_rq_504`]: 1,
      [`cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_rq_active`]: 0,
      [`cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_rq_pending_active`]: 0,
      [`cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_rq_timeout`]: 1,
    });
    expect(clock.pending).toBe(0);
  });

  it('retries what the policy says, with the body, and tells the attempt', async () => {
    let calls = 0;
    const { clock, mesh, services } = await memoryMesh(
      [REVIEWS, reviewsRules(`
  - retries: {attempts: 3, retryOn: "503,reset", backoff: 10ms}
    route: [{destination: {host: reviews, subset: v1}}]`)],
      { [V1]: () => (++calls === 1 ? { status: 503 } : calls === 2 ? 'reset' : { status: 200, body: 'done' }) },
    );

    const response = mesh.request(URL, { method: 'POST', body: 'payload' });
    await clock.advance(100);

    expect((await response).statusCode).toBe(200);
    expect(meshInfo(await response)).toMatchObject({ attempts: 3, flags: '-' });
    expect(services[V1]!.requests.map(({ body, headers }) => [body, headers['x-envoy-attempt-count']])).toEqual([
      ['payload', '1'], ['payload', '2'], ['payload', '3'],
    ]);
  });

  it('hands over the last answer with URX when no retry is left', async () => {
    const { clock, mesh } = await memoryMesh(
      [REVIEWS, reviewsRules(`
  - retries: {attempts: 2, retryOn: "503", backoff: 1ms}
    route: [{destination: {host: reviews, subset: v1}}]`)],
      { [V1]: () => ({ status: 503, body: 'mine' }) },
    );

    const response = mesh.request(URL);
    await clock.advance(100);

    expect(await (await response).body.text()).toBe('mine');
    expect(meshInfo(await response)).toMatchObject({ status: 503, flags: 'URX', attempts: 3, details: 'via_upstream' });
  });

  it('operations of the response see the request of the last try', async () => {
    const { clock, mesh } = await memoryMesh(
      [REVIEWS, reviewsRules(`
  - retries: {attempts: 2, retryOn: "503", backoff: 1ms}
    headers: {response: {set: {x-tries: "%REQ(x-envoy-attempt-count)%"}}}
    route: [{destination: {host: reviews, subset: v1}}]`)],
      { [V1]: ({ headers }) => ({ status: headers['x-envoy-attempt-count'] === '2' ? 200 : 503 }) },
    );

    const response = mesh.request(URL);
    await clock.advance(100);

    expect((await response).headers['x-tries']).toBe('2');
  });

  it('goes to the targetPort of a ServiceEntry at whatever address was dialled', async () => {
    const entry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: any}
spec: {hosts: [any.example.com], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}, {number: 81, name: other, protocol: HTTP}]}
`;
    const { mesh, services } = await memoryMesh([entry], { '10.9.9.9:8080': () => ({}), '10.9.9.9:81': () => ({}) });

    for (const port of [80, 81]) {
      const response = await mesh.request(`http://any.example.com:${port}/`, { originalDst: `10.9.9.9:${port}` });
      expect(meshInfo(response)).toMatchObject({ status: 200, endpoint: `10.9.9.9:${port === 80 ? 8080 : 81}` });
    }
    expect(services['10.9.9.9:8080']!.requests[0]!.headers['host']).toBe('any.example.com');
  });

  it('counts the requests of a match with a statPrefix', async () => {
    let status = 503;
    const { clock, mesh } = await memoryMesh(
      [REVIEWS, reviewsRules(`
  - match: [{uri: {prefix: /slow}, statPrefix: slow}, {uri: {prefix: /a}, statPrefix: a}, {uri: {prefix: /b}}]
    timeout: 200ms
    retries: {attempts: 1, retryOn: "503", backoff: 1ms}
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{statPrefix: none}]
    route: [{destination: {host: reviews, subset: nowhere}}]`)],
      { [V1]: ({ path }) => (path === '/slow' ? 'hang' : { status: path === '/a?once' ? (status = status === 503 ? 200 : 503) : 503 }) },
    );
    const get = async (path: string): Promise<void> => {
      const response = mesh.request(`http://reviews:9080${path}`);
      await clock.advance(1000);
      await (await response).body.dump();
    };
    for (const path of ['/a', '/a?once', '/a?once', '/b', '/slow', '/none']) await get(path);

    const prefix = 'vhost.reviews.default.svc.cluster.local:9080.route.';
    const stats = Object.entries(mesh.stats(/^vhost/)).filter(([, value]) => value !== 0).map(([name, value]) => [name.replace(prefix, ''), value]);
    expect(Object.fromEntries(stats)).toEqual({
      'a.upstream_rq_200': 2, 'a.upstream_rq_2xx': 2, 'a.upstream_rq_503': 1, 'a.upstream_rq_5xx': 1, 'a.upstream_rq_completed': 3,
      'a.upstream_rq_retry': 2, 'a.upstream_rq_retry_limit_exceeded': 1, 'a.upstream_rq_retry_success': 1, 'a.upstream_rq_total': 5,
      'slow.upstream_rq_504': 1, 'slow.upstream_rq_5xx': 1, 'slow.upstream_rq_completed': 1, 'slow.upstream_rq_timeout': 1, 'slow.upstream_rq_total': 1,
    });
    expect(Object.keys(mesh.stats(/route\.none/))).toHaveLength(6);
  });

  it('retries what header operations ask for', async () => {
    const { clock, mesh, services } = await memoryMesh(
      [REVIEWS, reviewsRules(`
  - retries: {attempts: 0}
    headers: {request: {set: {x-envoy-retry-on: 5xx, x-envoy-max-retries: "2", x-try: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"}}}
    route: [{destination: {host: reviews, subset: v1}}]`)],
      { [V1]: () => ({ status: 500 }) },
    );

    const response = mesh.request(URL);
    await clock.advance(1000);

    expect(meshInfo(await response)).toMatchObject({ status: 500, flags: 'URX', attempts: 3 });
    expect(services[V1]!.requests.map(({ headers }) => [headers['x-envoy-attempt-count'], headers['x-try'], headers['x-envoy-retry-on']])).toEqual([
      ['1', '1', undefined], ['2', '1', undefined], ['3', '1', undefined],
    ]);
  });

  it('a per-try timeout is final without a token that retries it', async () => {
    const { clock, mesh } = await memoryMesh(
      [REVIEWS, reviewsRules(`
  - retries: {attempts: 2, perTryTimeout: 200ms}
    route: [{destination: {host: reviews, subset: v1}}]`)],
      { [V1]: () => 'hang' },
    );

    const response = mesh.request(URL);
    await clock.advance(200);

    expect(meshInfo(await response)).toMatchObject({ status: 504, flags: 'UT', attempts: 1, details: 'upstream_per_try_timeout' });
  });

  it('refuses what the limits do not allow, and counts it', async () => {
    const { mesh, clock } = await memoryMesh(
      [REVIEWS, reviewsPolicy('{connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}}'), reviewsRules(`
  - route: [{destination: {host: reviews, subset: v1}}]`)],
      { [V1]: () => 'hang' },
    );

    const first = mesh.request(URL).catch(() => undefined);
    await clock.advance(1);
    const second = mesh.request(URL).catch(() => undefined);
    const third = await mesh.request(URL);

    expect(third.statusCode).toBe(503);
    expect(third.headers).toMatchObject({ 'x-envoy-overloaded': 'true' });
    expect(meshInfo(third)).toMatchObject({ flags: 'UO', details: 'upstream_reset_before_response_started{overflow}' });
    expect(mesh.stats(/v1.*pending_(overflow|active)$/)).toEqual({
      [`cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_rq_pending_active`]: 1,
      [`cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.upstream_rq_pending_overflow`]: 1,
    });
    await mesh.close({ drainMs: 0 });
    await Promise.all([first, second]);
  });

  it('ejects an endpoint, and uses it again after its time', async () => {
    let status = 503;
    const { mesh, clock, get } = await memoryMesh(
      [REVIEWS, reviewsPolicy('{outlierDetection: {consecutive5xxErrors: 2, interval: 1s, baseEjectionTime: 3m, maxEjectionPercent: 100}}'), reviewsRules(`
  - route: [{destination: {host: reviews, subset: v1}}]`)],
      { [V1]: () => ({ status }) },
    );
    const events: string[] = [];
    mesh.on('ejection', ({ kind, endpoint }) => events.push(`${kind} ${endpoint}`));

    await get(URL);
    await get(URL);
    expect(await get(URL)).toMatchObject({ status: 503, body: 'no healthy upstream' });
    expect(mesh.stats(/ejections_active/)).toMatchObject({
      'cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.outlier_detection.ejections_active': 1,
    });

    status = 200;
    await clock.advance(181_000);
    expect(await get(URL)).toMatchObject({ status: 200 });
    expect(events).toEqual([`ejected ${V1}`, `unejected ${V1}`]);
  });

  it('sends a copy to the mirror, which the caller does not notice', async () => {
    const { mesh, services, clock } = await memoryMesh(
      [REVIEWS, reviewsRules(`
  - route: [{destination: {host: reviews, subset: v1}}]
    mirror: {host: reviews, subset: v2}`)],
      { [V1]: () => ({ body: 'v1' }), [V2]: () => 'reset' },
    );

    const response = await mesh.request(URL, { method: 'POST', body: 'copy me' });
    await clock.advance(1);

    expect(await response.body.text()).toBe('v1');
    expect(services[V2]!.requests).toMatchObject([{ body: 'copy me', headers: { host: 'reviews-shadow:9080', 'x-envoy-internal': 'true', 'x-forwarded-for': '127.0.0.1' } }]);
  });

  it('stops at once when the caller gives up, wherever it is', async () => {
    const { mesh, clock } = await memoryMesh(
      [REVIEWS, reviewsRules(`
  - match: [{uri: {prefix: /delay}}]
    fault: {delay: {fixedDelay: 7s, percentage: {value: 100}}}
    route: [{destination: {host: reviews, subset: v1}}]
  - route: [{destination: {host: reviews, subset: v1}}]`)],
      { [V1]: () => 'hang' },
    );
    for (const path of ['/delay', '/x']) {
      const controller = new AbortController();
      const call = mesh.request(`http://reviews:9080${path}`, { signal: controller.signal });
      await clock.advance(10);
      controller.abort();
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    }
    expect(clock.pending).toBe(0);
    const active = mesh.stats(/_active$|active_faults$/);
    expect(Object.values(active).every((value) => value === 0)).toBe(true);
  });

  it.each([
    [false, 'DC', 'downstream_remote_disconnect'],
    [true, 'DR', 'http2.remote_reset'],
  ])('tells how the caller went away: over HTTP/2 %j', async (http2, flags, details) => {
    const { mesh, clock } = await memoryMesh([REVIEWS, reviewsRules(`
  - route: [{destination: {host: reviews, subset: v1}}]`)], { [V1]: () => 'hang' });
    const calls: unknown[] = [];
    mesh.on('call', (call) => void calls.push(call));
    const controller = new AbortController();
    const call = mesh.request(URL, { signal: controller.signal, http2 } as never);
    await clock.advance(10);
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });

    expect(calls).toMatchObject([{ flags, details }]);
  });

  it('replays a seeded mesh byte for byte', async () => {
    const run = async (): Promise<unknown> => {
      const { get, services } = await memoryMesh([REVIEWS, reviewsRules(`
  - route:
    - {destination: {host: reviews, subset: v1}, weight: 50}
    - {destination: {host: reviews, subset: v2}, weight: 50}`)]);
      for (let i = 0; i < 20; i++) await get(`http://reviews:9080/${i}`);
      return Object.entries(services).map(([address, { requests }]) => [address, requests]);
    };
    expect(await run()).toEqual(await run());
  });
});
