import { connect, constants, createServer, type ClientHttp2Session, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createMesh, type Mesh } from '../../src/index.ts';
import { until } from '../mesh/http-services.ts';

interface World extends AsyncDisposable {
  readonly mesh: Mesh;
  readonly server: Http2Server;
  readonly sessions: ServerHttp2Session[];
  /** Requests that wait for their answer. */
  readonly streams: ServerHttp2Stream[];
  /** How many were under way at once, at most. */
  readonly most: () => number;
}

/** A mesh and one HTTP/2 server, which answers `/at-once` at once and the others when a test does. */
async function world(trafficPolicy: string, settings: { maxConcurrentStreams?: number } = {}): Promise<World> {
  const sessions: ServerHttp2Session[] = [];
  const streams: ServerHttp2Stream[] = [];
  let now = 0;
  let most = 0;
  const server = createServer({ settings });
  server.on('session', (session) => sessions.push(session.on('error', () => {}) as ServerHttp2Session));
  server.on('stream', (stream, headers) => {
    most = Math.max(most, ++now);
    stream.on('error', () => {}).once('close', () => now--);
    if (headers[':path'] === '/at-once') stream.respond({ ':status': 200 }, { endStream: true });
    else streams.push(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const mesh = await createMesh({
    config: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, targetPort: ${(server.address() as AddressInfo).port}, name: grpc, protocol: HTTP2}]
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, trafficPolicy: ${trafficPolicy}}
`,
  });
  const close = async (): Promise<void> => {
    await mesh.close({ drainMs: 0 });
    for (const session of sessions) session.destroy();
    server.close();
  };
  return { mesh, server, sessions, streams, most: () => most, [Symbol.asyncDispose]: close };
}

async function get(mesh: Mesh, path: string, signal?: AbortSignal): Promise<string> {
  const response = await mesh.request(`http://reviews:9080${path}`, { signal });
  return `${response.statusCode} ${await response.body.text()}`;
}

const answer = (stream: ServerHttp2Stream): void => {
  stream.respond({ ':status': 200 });
  stream.end('late');
};

describe('an HTTP/2 connection', () => {
  it('on which the other side takes no more requests ends those it has, also when one of them is given up', async () => {
    await using here = await world('{connectionPool: {tcp: {maxConnections: 2}}}');
    const { mesh, streams, sessions } = here;
    const controller = new AbortController();
    const givenUp = get(mesh, '/given-up', controller.signal).catch((error: Error) => error.name);
    await until(() => streams.length === 1, 'the first has come');
    const kept = get(mesh, '/kept');
    await until(() => streams.length === 2, 'the second has come');

    sessions[0]!.goaway(constants.NGHTTP2_NO_ERROR);
    expect(await get(mesh, '/at-once')).toBe('200 ');
    await until(() => sessions.length === 2, 'another connection has taken the third');
    controller.abort();
    expect(await givenUp).toBe('AbortError');
    await until(() => streams[0]!.closed, 'the server has heard of it');
    answer(streams[1]!);

    expect(await kept).toBe('200 late');
    await until(() => sessions[0]!.closed, 'the first connection is closed');
  });

  it('gets no more requests at once than the other side allows', async () => {
    await using here = await world('{connectionPool: {tcp: {maxConnections: 1}}}', { maxConcurrentStreams: 2 });
    const { mesh, streams, most, sessions } = here;
    await get(mesh, '/at-once');
    const answers = Array.from({ length: 6 }, (_, i) => get(mesh, `/${i}`));
    for (let i = 0; i < 6; i++) {
      await until(() => streams.length > i, 'one more has come');
      answer(streams[i]!);
    }

    expect(await Promise.all(answers)).toEqual(Array.from({ length: 6 }, () => '200 late'));
    expect([most(), sessions.length]).toEqual([2, 1]);
    expect(Object.values(mesh.stats(/reviews.*upstream_rq_pending_total$/))).toEqual([5]);
  });

  it('whose numbers for requests have come to an end leaves those that are on it alone', async () => {
    await using here = await world('{connectionPool: {tcp: {maxConnections: 9}}}');
    const { mesh, server, streams, sessions } = here;
    const kept = get(mesh, '/kept');
    await until(() => streams.length === 1, 'it has come');
    const another = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const client = Object.getPrototypeOf(another) as ClientHttp2Session;
    another.destroy();
    const { request } = client;
    client.request = () => {
      client.request = request;
      throw Object.assign(new Error('no stream ids'), { code: 'ERR_HTTP2_OUT_OF_STREAMS' });
    };

    expect(await get(mesh, '/at-once').finally(() => (client.request = request))).toBe('200 ');
    answer(streams[0]!);
    expect(await kept).toBe('200 late');
    expect(sessions.length).toBeGreaterThan(1);
  });
});
