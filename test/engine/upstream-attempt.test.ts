import type { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { StaleConnectionError } from '../../src/engine/wire.ts';
import type { Connect } from '../../src/engine/dial.ts';
import { Http2ResetError } from '../../src/engine/http2-wire.ts';
import { requestBody } from '../../src/engine/request-body.ts';
import { resetReasonOf, UpstreamAttempt, type AttemptOwner } from '../../src/engine/upstream-attempt.ts';
import type { UpstreamCluster } from '../../src/engine/upstream-cluster.ts';
import { createMesh, meshInfo } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { httpService, until } from '../mesh/http-services.ts';
import { memoryEngine, snapshotOf } from './memory-engine.ts';
import { ScriptedService, type Script } from './scripted-service.ts';

const config = (trafficPolicy = '{loadBalancer: {simple: RANDOM}}'): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [{address: 10.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, trafficPolicy: ${trafficPolicy}}
`;

interface Scene {
  readonly clock: VirtualClock;
  readonly cluster: UpstreamCluster;
  readonly service: ScriptedService;
  /** What the owner was told, in order. */
  readonly told: string[];
  readonly attempt: UpstreamAttempt;
}

function scene(script: Script, { transport, connect, policy }: { transport?: Dispatcher; connect?: Connect; policy?: string } = {}): Scene {
  const clock = new VirtualClock();
  const service = new ScriptedService(clock, () => script);
  const text = config(policy);
  const { engine } = memoryEngine(text, { clock, transport: connect === undefined ? () => transport ?? service : undefined, connect });
  const cluster = engine.clusters.get('outbound|9080||reviews.default.svc.cluster.local', snapshotOf(text))!;
  const told: string[] = [];
  const owner: AttemptOwner = {
    onInformational: (status) => void told.push(`inform ${status}`),
    onResponse: (_attempt, status) => void told.push(`response ${status}`),
    onData: (_attempt, chunk) => void told.push(`data ${String(chunk)}`),
    onEnd: () => void told.push('end'),
    onFailure: (of, reason) => void told.push(`failure ${reason}${of.sent ? '' : ', not sent'}`),
    onUnsendable: (_attempt, error) => void told.push(`unsendable ${error.message}`),
  };
  const attempt = new UpstreamAttempt(owner, cluster, cluster.hosts.hosts[0]!, { method: 'GET', path: '/', headers: ['host', 'reviews'], body: requestBody(undefined, 0) });
  return { clock, cluster, service, told, attempt };
}

/** What an attempt may hold, and what is counted of it. */
function held({ breaker, stats, hosts }: UpstreamCluster): object {
  const { connections, pending, requests } = breaker;
  return { connections, pending, requests, active: hosts.hosts[0]!.activeRequests, gauges: [stats.upstream_cx_active, stats.upstream_rq_pending_active, stats.upstream_rq_active] };
}

const NOTHING = { connections: 0, pending: 0, requests: 0, active: 0, gauges: [0, 0, 0] };
const IDLE = { ...NOTHING, connections: 1, gauges: [1, 0, 0] };
const refuse: Connect = (_target, callback) => callback(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));

describe('an attempt', () => {
  interface Ending {
    readonly what: string;
    readonly script?: Script;
    readonly connect?: Connect;
    readonly limitMs?: number;
    readonly cancelAtMs?: number;
    readonly told: readonly string[];
    readonly left: object;
  }
  const ENDINGS: readonly Ending[] = [
    { what: 'that is answered keeps its connection for the next', script: { chunks: ['a', 'b'] }, told: ['response 200', 'data a', 'data b', 'end'], left: IDLE },
    { what: 'that breaks before the answer', script: { ending: 'reset without headers' }, told: ['failure connection-termination'], left: NOTHING },
    { what: 'that breaks in the answer', script: { chunks: ['a'], ending: 'reset' }, told: ['response 200', 'data a', 'failure protocol-error'], left: NOTHING },
    { what: 'that is cancelled while it waits for a connection', connect: () => {}, cancelAtMs: 10, told: [], left: { ...IDLE, connections: 1 } },
    { what: 'that is cancelled before the answer', script: { ending: 'hang without headers' }, cancelAtMs: 10, told: [], left: NOTHING },
    { what: 'that is cancelled in the answer', script: { chunks: ['a'], ending: 'hang' }, cancelAtMs: 10, told: ['response 200', 'data a'], left: NOTHING },
    { what: 'whose connection fails', connect: refuse, told: ['failure connection-failure, not sent'], left: NOTHING },
    { what: 'whose connection takes too long', connect: () => {}, told: ['failure connection-timeout, not sent'], left: NOTHING },
    { what: 'that runs out of its time before the answer', script: { ending: 'hang without headers' }, limitMs: 100, told: ['failure per-try-timeout'], left: NOTHING },
    { what: 'that waits for a connection longer than its time', connect: () => {}, limitMs: 100, told: ['failure connection-timeout, not sent'], left: NOTHING },
    { what: 'whose time ends in the answer goes on', script: { delayMs: 80, chunks: ['a', 'b'] }, limitMs: 100, told: ['response 200', 'data a', 'data b', 'end'], left: IDLE },
  ];

  it.each(ENDINGS)('$what gives back what it held, once', async ({ script = {}, connect, limitMs, cancelAtMs, told: expected, left }) => {
    const { attempt, clock, cluster, told, service } = scene(script, { connect });
    attempt.start();
    if (limitMs !== undefined) attempt.limitTry(limitMs);
    await clock.advance(cancelAtMs ?? 0);
    if (cancelAtMs !== undefined) {
      attempt.cancel(new Error('enough'));
      attempt.cancel(new Error('enough'));
      expect(held(cluster)).toEqual(left);
    }
    await clock.advance(60_000);

    expect(told).toEqual(expected);
    // A connection that was being opened for nobody in particular fails in the end.
    expect(held(cluster)).toEqual(connect === undefined ? left : NOTHING);
    expect(service.active).toBe(0);
    attempt.cancel(new Error('late'));
    expect(held(cluster)).toEqual(connect === undefined ? left : NOTHING);
    cluster.destroy(new Error('over'));
    expect(held(cluster)).toEqual(NOTHING);
    expect(clock.pending).toBe(0);
  });

  it('that is refused by a limit says so at once', () => {
    const { attempt, cluster, told } = scene({}, { policy: '{connectionPool: {http: {http1MaxPendingRequests: 1}}}' });
    cluster.breaker.tryAcquirePending();
    attempt.start();

    expect(told).toEqual(['failure overflow, not sent']);
  });

  it('passes informational answers on before the answer, except those that nobody knows', async () => {
    const answers: Dispatcher = Object.assign(new ScriptedService(new VirtualClock(), () => ({})), {
      dispatch: (_options: unknown, handler: Dispatcher.DispatchHandler) => {
        const controller = { abort: () => {} } as never;
        handler.onRequestStart?.(controller, {});
        handler.onResponseStart?.(controller, 103, { link: '</x>' }, '');
        handler.onResponseStart?.(controller, 110, {}, '');
        handler.onResponseStart?.(controller, 200, {}, '');
        handler.onResponseEnd?.(controller, {});
        return true;
      },
    });
    const { attempt, clock, told } = scene({}, { transport: answers });
    attempt.start();
    await clock.advance(0);

    expect(told).toEqual(['inform 103', 'response 200', 'end']);
  });

  it('that can\'t be sent is the caller\'s mistake, not the endpoint\'s', async () => {
    const throws = Object.assign(new ScriptedService(new VirtualClock(), () => ({})), {
      dispatch: () => {
        throw new TypeError('invalid x header');
      },
    });
    const { attempt, clock, cluster, told } = scene({}, { transport: throws, policy: '{outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100}}' });
    attempt.start();
    await clock.advance(0);

    expect(told).toEqual(['unsendable invalid x header']);
    expect(held(cluster)).toEqual(NOTHING);
    expect(cluster.hosts.hosts[0]!.ejected).toBe(false);
  });
});

describe('what a broken try counts', () => {
  const UPGRADED = '{connectionPool: {http: {h2UpgradePolicy: UPGRADE}}}';
  const breaksWith = (error: Error): Dispatcher => Object.assign(new ScriptedService(new VirtualClock(), () => ({})), {
    dispatch: (_options: unknown, handler: Dispatcher.DispatchHandler) => {
      const controller = { abort: () => {} } as never;
      handler.onRequestStart?.(controller, {});
      handler.onResponseError?.(controller, error);
      return true;
    },
  });
  const counts = ({ stats }: UpstreamCluster): number[] => [stats.upstream_rq_tx_reset, stats.upstream_rq_rx_reset, stats.upstream_rq_pending_failure_eject, stats.upstream_cx_protocol_error];

  it.each([
    ['remote-reset', [0, 1, 0, 0]],
    ['remote-refused', [0, 0, 0, 0]],
    ['connection-termination', [0, 0, 1, 0]],
    ['protocol-error', [1, 0, 0, 1]],
  ] as const)('over HTTP/2: %s', async (reason, expected) => {
    const { attempt, clock, cluster, told } = scene({}, { policy: UPGRADED, transport: breaksWith(new Http2ResetError(reason, 'broken')) });
    attempt.start();
    await clock.advance(0);

    expect(told).toEqual([`failure ${reason}`]);
    expect(counts(cluster)).toEqual(expected);
  });

  it.each([['HTTP/1.1', undefined, 0], ['HTTP/2', UPGRADED, 1]])('from this side over %s', async (_what, policy, reset) => {
    const { attempt, clock, cluster } = scene({ ending: 'hang without headers' }, { ...(policy && { policy }) });
    attempt.start();
    await clock.advance(0);
    attempt.cancel(new Error('enough'));

    expect(counts(cluster)).toEqual([reset, 0, 0, 0]);
  });

  it('in the middle of an HTTP/1.1 body: an error of the protocol, by the other side', async () => {
    const { attempt, clock, cluster } = scene({ chunks: ['a'], ending: 'reset' });
    attempt.start();
    await clock.advance(0);

    expect(counts(cluster)).toEqual([0, 0, 0, 1]);
    expect(cluster.stats).toMatchObject({ upstream_cx_destroy_remote_with_active_rq: 1, upstream_cx_destroy_local_with_active_rq: 0 });
  });
});

describe('an answer that closes its connection', () => {
  it.each([['close', 1], ['Keep-Alive, Close', 1], ['keep-alive', 0], ['closed', 0]])('is counted: connection: %s', async (connection, expected) => {
    const { attempt, clock, cluster } = scene({ headers: { connection } });
    attempt.start();
    await clock.advance(0);

    expect(cluster.stats.upstream_cx_close_notify).toBe(expected);
  });
});

/** Serves as `service` does so many times, then as a connection that is closed. */
function staleAfter(times: number, service: ScriptedService, clock: VirtualClock): Dispatcher {
  let served = 0;
  return Object.assign(new ScriptedService(clock, () => ({})), {
    dispatch: (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => {
      if (served++ < times) return service.dispatch(options, handler);
      queueMicrotask(() => handler.onResponseError?.(undefined as never, new StaleConnectionError('closed')));
      return true;
    },
  });
}

describe('a pooled connection that turns out closed before anything was written', () => {
  it('is replaced, and no attempt is counted', async () => {
    const clock = new VirtualClock();
    const service = new ScriptedService(clock, () => ({ chunks: ['ok'] }));
    let opened = 0;
    const transport = (): Dispatcher => (++opened === 1 ? staleAfter(1, service, clock) : service);
    const { dispatcher, cluster } = memoryEngine(config('{outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100}}'), { clock, transport });
    const call = async (): Promise<Dispatcher.ResponseData> => {
      const response = dispatcher.request({ origin: 'http://reviews:9080', path: '/', method: 'POST', body: 'text' });
      await clock.advance(10);
      return response;
    };
    await (await call()).body.dump();
    await clock.advance(0);
    const response = await call();

    expect([response.statusCode, await response.body.text()]).toEqual([200, 'ok']);
    expect(meshInfo(response)).toMatchObject({ attempts: 1, flags: '-' });
    await clock.advance(0);
    expect(cluster('reviews').stats).toMatchObject({ upstream_rq_total: 2, upstream_cx_total: 2, upstream_rq_retry: 0, upstream_cx_active: 1 });
    expect(service.requests.at(-1)).toMatchObject({ body: 'text', headers: { 'x-envoy-attempt-count': '1' } });
  });

  it('is a failed attempt when it was opened for this very request, which a policy may retry as one of which nothing was sent', async () => {
    const clock = new VirtualClock();
    const service = new ScriptedService(clock, () => ({ chunks: ['ok'] }));
    const answers = async (retries: string): Promise<unknown> => {
      let opened = 0;
      const transport = (): Dispatcher => (++opened === 1 ? staleAfter(0, service, clock) : service);
      const rule = `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{retries: ${retries}, route: [{destination: {host: reviews}}]}]}
`;
      const { dispatcher } = memoryEngine(config() + rule, { clock, transport });
      const response = dispatcher.request({ origin: 'http://reviews:9080', path: '/', method: 'GET' });
      await clock.advance(100);
      return meshInfo(await response);
    };

    expect(await answers('{attempts: 0}')).toMatchObject({ status: 503, flags: 'UC', attempts: 1 });
    expect(await answers('{attempts: 1, retryOn: reset-before-request}')).toMatchObject({ status: 200, attempts: 2 });
  });

  it('on sockets: a server that closes idle connections costs no call', async () => {
    await using service = await httpService((_request, response) => response.end('ok'));
    await using mesh = await createMesh({ config: config().replace('number: 9080', `number: 9080, targetPort: ${service.port}`).replace('10.0.0.1', '127.0.0.1') });

    for (let i = 0; i < 20; i++) {
      const response = await mesh.request('http://reviews:9080/', { method: 'POST', body: 'x' });
      expect([response.statusCode, await response.body.text(), meshInfo(response)?.attempts]).toEqual([200, 'ok', 1]);
      for (const socket of service.sockets) socket.end();
      await until(() => service.sockets.size === 0, 'the connection is closed');
    }
    const { stats } = { stats: mesh.stats(/reviews.*(upstream_cx_(total|destroy_remote|destroy_local)|upstream_rq_total)$/) };
    expect(Object.fromEntries(Object.entries(stats).map(([name, value]) => [name.replace(/.*;\./, ''), value]))).toMatchObject({ upstream_cx_total: 20, upstream_rq_total: 20, upstream_cx_destroy_local: 0 });
  });
});

describe('on sockets', () => {
  it('a connection that is cut during a request is counted once, as cut by the other side', async () => {
    await using service = await httpService((request) => request.socket.destroy());
    await using mesh = await createMesh({ config: config().replace('number: 9080', `number: 9080, targetPort: ${service.port}`).replace('10.0.0.1', '127.0.0.1') });
    const response = await mesh.request('http://reviews:9080/');
    await response.body.dump();

    expect(meshInfo(response)).toMatchObject({ status: 503, flags: 'UC', details: 'upstream_reset_before_response_started{connection_termination}' });
    const stats = Object.fromEntries(Object.entries(mesh.stats(/reviews.*upstream_cx_(destroy|total|active)/)).map(([name, value]) => [name.replace(/.*;\./, ''), value]));
    expect(stats).toMatchObject({
      upstream_cx_total: 1, upstream_cx_active: 0, upstream_cx_destroy: 1, upstream_cx_destroy_remote: 1, upstream_cx_destroy_remote_with_active_rq: 1,
      upstream_cx_destroy_with_active_rq: 1, upstream_cx_destroy_local: 0,
    });
  });

  it('a connection that the answer closes is not used again', async () => {
    await using service = await httpService((_request, response) => response.writeHead(200, { connection: 'close' }).end('bye'));
    await using mesh = await createMesh({ config: config().replace('number: 9080', `number: 9080, targetPort: ${service.port}`).replace('10.0.0.1', '127.0.0.1') });

    for (let i = 0; i < 5; i++) expect(await (await mesh.fetch('http://reviews:9080/')).text()).toBe('bye');

    expect(service.accepted).toBe(5);
    await until(() => Object.values(mesh.stats(/reviews.*upstream_cx_active$/))[0] === 0, 'all are closed');
  });

  it.each(['connection: upgrade\r\nupgrade: h9\r\n', 'content-length: 0\r\n'])('an answer that goes on with another protocol, which nobody asked for, is none: %j', async (headers) => {
    await using service = await httpService(({ socket }) => void socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n`));
    await using mesh = await createMesh({ config: config().replace('number: 9080', `number: 9080, targetPort: ${service.port}`).replace('10.0.0.1', '127.0.0.1') });

    const response = await mesh.fetch('http://reviews:9080/');

    expect(meshInfo(response)).toMatchObject({ status: 502, flags: 'UPE', details: 'upstream_reset_before_response_started{protocol_error}' });
  });

  it.each([['HTTP', 1], ['HTTP2', 0]])('an answer that is no %s cuts %i requests short, as the connection is counted', async (protocol, cut) => {
    await using service = await httpService(({ socket }) => void socket.write('nonsense\r\n\r\n'));
    await using mesh = await createMesh({ config: config().replace('number: 9080', `number: 9080, targetPort: ${service.port}`).replace('10.0.0.1', '127.0.0.1').replace('protocol: HTTP', `protocol: ${protocol}`) });

    expect(meshInfo(await mesh.fetch('http://reviews:9080/'))).toMatchObject({ status: 502, flags: 'UPE' });

    const counted = Object.entries(mesh.stats(/reviews.*upstream_cx_(destroy_local|destroy_local_with_active_rq|protocol_error)$/)).map(([name, value]) => [name.split('.').at(-1), value]);
    expect(Object.fromEntries(counted)).toEqual({ upstream_cx_destroy_local: 1, upstream_cx_destroy_local_with_active_rq: cut, upstream_cx_protocol_error: 1 });
  });

  it('a HEAD request leaves its connection for the next', async () => {
    await using service = await httpService((_request, response) => response.writeHead(200, { 'content-length': '3' }).end());
    await using mesh = await createMesh({ config: config().replace('number: 9080', `number: 9080, targetPort: ${service.port}`).replace('10.0.0.1', '127.0.0.1') });

    for (let i = 0; i < 3; i++) {
      const { body, headers } = await mesh.request('http://reviews:9080/', { method: 'HEAD' });
      expect([headers['content-length'], await body.text()]).toEqual(['3', '']);
    }

    expect(service.accepted).toBe(1);
  });
});

describe('resetReasonOf', () => {
  const error = (code: string, name = 'Error'): Error => Object.assign(new Error('x'), { code, name });
  it.each([
    ['UND_ERR_SOCKET', 'connection-termination'],
    ['ECONNRESET', 'connection-termination'],
    ['EPIPE', 'connection-termination'],
    ['UND_ERR_DESTROYED', 'connection-termination'],
    ['ECONNREFUSED', 'connection-failure'],
    ['EHOSTUNREACH', 'connection-failure'],
    ['ENOTFOUND', 'connection-failure'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connection-timeout'],
    ['HPE_INVALID_CONSTANT', 'protocol-error'],
    ['UND_ERR_HEADERS_OVERFLOW', 'protocol-error'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'protocol-error'],
    ['ERR_ASSERTION', 'protocol-error'],
    ['UND_ERR_INVALID_ARG', undefined],
    ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', undefined],
    ['ERR_INVALID_CHAR', undefined],
  ])('%s: %s', (code, reason) => {
    expect(resetReasonOf(error(code))).toBe(reason);
  });

  it('an error without a code is the request\'s own', () => {
    expect(resetReasonOf(new Error('the body failed'))).toBeUndefined();
  });
});
