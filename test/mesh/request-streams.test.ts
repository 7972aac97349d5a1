import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { createMesh, meshInfo, type Mesh } from '../../src/index.ts';
import { bodyOf, httpService, until, type HttpService } from './http-services.ts';

async function meshOf(service: HttpService, http: string): Promise<Mesh> {
  return createMesh({
    maxReplayBytes: 10_000,
    config: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: upload}
spec:
  hosts: [upload.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, targetPort: ${service.port}, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: upload}
spec:
  hosts: [upload]
  http:
  - ${http}
    route: [{destination: {host: upload}}]`,
  });
}

/** A body without end, of which every chunk has `size` bytes, and what became of it. */
function endless(size = 1000): { readonly stream: ReadableStream<Uint8Array>; readonly cancelled: ReturnType<typeof vi.fn> } {
  const cancelled = vi.fn();
  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      controller.enqueue(new Uint8Array(size));
    },
    cancel: cancelled,
  });
  return { stream, cancelled };
}

const idle = (mesh: Mesh): boolean => Object.values(mesh.stats(/(rq_active|pending_active|retry_open)$/)).every((value) => value === 0);

describe('a streamed request', () => {
  it('is answered before it is whole: the answer is handed over and the stream is cancelled', async () => {
    await using service = await httpService((_request, response) => response.writeHead(413, { 'content-length': '7' }).end('too big'));
    await using mesh = await meshOf(service, 'timeout: 5s');
    const { stream, cancelled } = endless();

    const response = await mesh.request('http://upload/', { method: 'POST', body: stream as never });

    expect([response.statusCode, await response.body.text()]).toEqual([413, 'too big']);
    await until(() => cancelled.mock.calls.length === 1, 'the stream is cancelled');
    await until(() => service.sockets.size === 0, 'the connection, which the rest would have to go through, is closed');
    expect(idle(mesh)).toBe(true);
  });

  it('is given up by the caller: stream and connection end', async () => {
    await using service = await httpService((request) => request.resume());
    await using mesh = await meshOf(service, 'timeout: 5s');
    const { stream, cancelled } = endless();
    const controller = new AbortController();
    const call = mesh.request('http://upload/', { method: 'POST', body: stream as never, signal: controller.signal });
    await until(() => service.accepted === 1, 'the service is called');

    controller.abort();

    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => cancelled.mock.calls.length === 1 && service.sockets.size === 0, 'the stream is cancelled, the connection closed');
    await until(() => idle(mesh), 'nothing is active');
  });

  it.each([undefined, 'ECONNRESET', 'UND_ERR_SOCKET'])('that fails (%s) makes the call fail with its error, and nobody takes a part for the whole', async (code) => {
    const ends: string[] = [];
    await using service = await httpService((request) => {
      request.resume().on('end', () => ends.push('end')).on('close', () => ends.push('close')).on('error', () => {});
    });
    await using mesh = await meshOf(service, 'retries: {attempts: 3, retryOn: "5xx,reset"}');
    const broken = Readable.from((async function* () {
      yield Buffer.alloc(100);
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw Object.assign(new Error('disk on fire'), { code });
    })());

    await expect(mesh.request('http://upload/', { method: 'POST', body: broken })).rejects.toThrow('disk on fire');

    await until(() => ends.length > 0, 'the service has seen the end');
    expect(ends).toEqual(['close']);
    expect(service.accepted).toBe(1);
    expect(idle(mesh)).toBe(true);
  });

  it('below the limit is sent again, whole', async () => {
    const bodies: number[] = [];
    await using service = await httpService((request, response) => {
      void bodyOf(request).then((body) => {
        bodies.push(body.length);
        response.writeHead(bodies.length < 3 ? 503 : 200).end();
      });
    });
    await using mesh = await meshOf(service, 'retries: {attempts: 3, retryOn: "503", backoff: 1ms}');

    const response = await mesh.request('http://upload/', { method: 'POST', body: Readable.from(Array.from({ length: 9 }, () => Buffer.alloc(1000, 'x'))) });
    await response.body.dump();

    expect(bodies).toEqual([9000, 9000, 9000]);
    expect(meshInfo(response)).toMatchObject({ status: 200, attempts: 3 });
  });

  it('above the limit is sent once, whole; what could be retried is handed over', async () => {
    const bodies: number[] = [];
    await using service = await httpService((request, response) => {
      void bodyOf(request).then((body) => {
        bodies.push(body.length);
        response.writeHead(503).end('busy');
      });
    });
    await using mesh = await meshOf(service, 'retries: {attempts: 3, retryOn: "503", backoff: 1ms}');

    const response = await mesh.request('http://upload/', { method: 'POST', body: Readable.from(Array.from({ length: 30 }, () => Buffer.alloc(1000, 'x'))) });

    expect([response.statusCode, await response.body.text()]).toEqual([503, 'busy']);
    expect(bodies).toEqual([30_000]);
    expect(meshInfo(response)).toMatchObject({ flags: '-', attempts: 1 });
    expect(mesh.stats(/retry_or_shadow_abandoned$/)).toMatchObject({ 'cluster.outbound|80||upload.default.svc.cluster.local;.retry_or_shadow_abandoned': 1 });
  });

  it('has all the time it takes: the timeouts begin when it is whole', async () => {
    await using service = await httpService((request, response) => {
      void bodyOf(request).then((body) => response.end(String(body.length)));
    });
    await using mesh = await meshOf(service, 'timeout: 0.05s');
    const slow = Readable.from((async function* () {
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, 25));
        yield Buffer.alloc(10, 'x');
      }
    })());

    const response = await mesh.request('http://upload/', { method: 'POST', body: slow });

    expect([response.statusCode, await response.body.text()]).toEqual([200, '40']);
  });

  it('that nobody will read, since a rule answers, is cancelled', async () => {
    await using service = await httpService((_request, response) => response.end());
    await using mesh = await meshOf(service, 'fault: {abort: {httpStatus: 418, percentage: {value: 100}}}');
    const { stream, cancelled } = endless();
    const readable = new Readable({ read: () => {} });

    expect((await mesh.request('http://upload/', { method: 'POST', body: stream as never })).statusCode).toBe(418);
    expect((await mesh.request('http://upload/', { method: 'POST', body: readable })).statusCode).toBe(418);

    await until(() => cancelled.mock.calls.length === 1, 'the stream is cancelled');
    expect(readable.destroyed).toBe(true);
    expect(service.accepted).toBe(0);
  });
});
