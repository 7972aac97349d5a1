import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMesh, type Mesh } from '../../src/index.ts';
import { bodyOf, httpService, type HttpService } from './http-services.ts';

/** Whose call it is. Every callback must see the value of the call that it belongs to. */
const caller = new AsyncLocalStorage<string>();

let service: HttpService;
let mesh: Mesh;
beforeAll(async () => {
  service = await httpService((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.url === '/twice' && (attempts.get(body) ?? 0) === 0) {
        attempts.set(body, 1);
        response.writeHead(503).end();
        return;
      }
      response.writeHead(200, { trailer: 'x-end' });
      response.write(body.slice(0, 1));
      setTimeout(() => {
        response.addTrailers({ 'x-end': 'yes' });
        response.end(body.slice(1));
      }, 1);
    });
  });
  mesh = await createMesh({
    config: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, targetPort: ${service.port}, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{uri: {prefix: /delay}}]
    fault: {delay: {fixedDelay: 0.005s, percentage: {value: 100}}}
    route: [{destination: {host: reviews}}]
  - match: [{uri: {prefix: /abort}}]
    fault: {delay: {fixedDelay: 0.005s, percentage: {value: 100}}, abort: {httpStatus: 418, percentage: {value: 100}}}
    route: [{destination: {host: reviews}}]
  - retries: {attempts: 2, retryOn: "503", backoff: 2ms}
    route: [{destination: {host: reviews}}]`,
  });
  // All calls share one connection, which belongs to nobody's context but this one's.
  await caller.run('whoever opened the connection', async () => (await mesh.fetch('http://reviews:9080/')).text());
});
afterAll(async () => {
  await mesh.close();
  await service.close();
});

const attempts = new Map<string, number>();
const NAMES = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay'];

/** Makes a call for each name at once, each in its own context, and gives what each saw. */
async function eachIn(call: (name: string, saw: (what: string) => void) => Promise<void>): Promise<Record<string, string[]>> {
  const seen: Record<string, string[]> = {};
  await Promise.all(NAMES.map((name) => caller.run(name, () => call(name, (what) => void (seen[name] ??= []).push(`${what} ${caller.getStore()}`)))));
  return seen;
}

const expected = (what: readonly string[]): Record<string, string[]> => Object.fromEntries(NAMES.map((name) => [name, what.map((one) => `${one} ${name}`)]));

describe('the async context of a call is its caller\'s,', () => {
  it.each(['/', '/delay', '/abort', '/twice'])('in a dispatcher\'s handler (%s)', async (path) => {
    attempts.clear();
    const seen = await eachIn((name, saw) => new Promise((resolve, reject) => {
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => saw('start'),
        onResponseStart: () => saw('response'),
        onResponseData: () => saw('data'),
        onResponseEnd: () => {
          saw('end');
          resolve();
        },
        onResponseError: (_controller, error) => reject(error),
      };
      mesh.dispatcher.dispatch({ origin: 'http://reviews:9080', path, method: 'POST', body: name }, handler);
    }));

    expect(seen).toEqual(expected(path === '/abort' ? ['start', 'response', 'data', 'end'] : ['start', 'response', 'data', 'data', 'end']));
  });

  it('in a dispatcher\'s handler that is told of an error', async () => {
    const seen = await eachIn((_name, saw) => new Promise((resolve) => {
      let controller: Dispatcher.DispatchController | undefined;
      mesh.dispatcher.dispatch({ origin: 'http://reviews:9080', path: '/delay', method: 'GET' }, {
        onRequestStart: (given) => {
          controller = given;
        },
        onResponseError: () => {
          saw('error');
          resolve();
        },
      });
      // From no context at all, as a timer of someone else's might.
      caller.exit(() => setTimeout(() => controller?.abort(new Error('enough')), 1));
    }));

    expect(seen).toEqual(expected(['error']));
  });

  it.each(['/', '/delay', '/twice'])('after fetch and while its body is read (%s)', async (path) => {
    attempts.clear();
    const seen = await eachIn(async (name, saw) => {
      const response = await mesh.fetch(`http://reviews:9080${path}`, { method: 'POST', body: name });
      saw('response');
      for await (const _chunk of response.body!) saw('chunk');
      saw('end');
    });

    for (const name of NAMES) {
      expect(seen[name]![0]).toBe(`response ${name}`);
      expect(new Set(seen[name]!.map((line) => line.split(' ')[1]))).toEqual(new Set([name]));
    }
  });

  // The events of a body that undici.request gives come in the context of the socket; what waits for them does not.
  it('after request and while its body is read', async () => {
    const seen = await eachIn(async (name, saw) => {
      const { body } = await mesh.request('http://reviews:9080/', { method: 'POST', body: name });
      saw('response');
      for await (const _chunk of body) expect(caller.getStore()).toBe(name);
      saw('end');
    });

    expect(seen).toEqual(expected(['response', 'end']));
  });

  it('in the stream of a request body', async () => {
    const seen = await eachIn(async (name, saw) => {
      const lines = async function* (): AsyncGenerator<string> {
        saw('first');
        yield name.slice(0, 1);
        await new Promise((resolve) => setTimeout(resolve, 1));
        saw('second');
        yield name.slice(1);
      };
      const response = await mesh.request('http://reviews:9080/', { method: 'POST', body: Readable.from(lines()) });
      expect(await response.body.text()).toBe(name);
    });

    expect(seen).toEqual(expected(['first', 'second']));
  });

  it('in a listener of the mesh', async () => {
    const seen: (string | undefined)[] = [];
    const listener = (): void => void seen.push(caller.getStore());
    mesh.on('call', listener);

    await eachIn(async (name) => {
      await (await mesh.fetch('http://reviews:9080/', { method: 'POST', body: name })).text();
    });
    mesh.off('call', listener);

    // Whose it is cannot be promised; that it is told of is.
    expect(seen).toHaveLength(NAMES.length);
  });
});
