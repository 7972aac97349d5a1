import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestMesh } from '../../src/testing/index.ts';
import { BOOKS } from './rules.ts';

const seen: string[] = [];
const server = setupServer(
  http.get('http://elsewhere.test/', () => HttpResponse.text('by msw')),
  // Were it asked, it would answer for the mesh's services too.
  http.all('http://ratings:9080/*', () => HttpResponse.text('by msw, wrongly')),
);
server.events.on('request:start', ({ request }) => void seen.push(request.url));

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => void seen.splice(0));
afterAll(() => server.close());

describe('a test mesh beside msw', () => {
  it('answers for its services by whichever door, and msw for the rest of the process', async () => {
    await using mesh = await createTestMesh(BOOKS, { services: { ratings: (request) => ({ body: `by the mesh ${request.body}` }) } });

    expect(await (await mesh.fetch('http://ratings:9080/')).text()).toBe('by the mesh ');
    expect(await (await mesh.request('http://ratings:9080/')).body.text()).toBe('by the mesh ');
    expect(await (await fetch('http://elsewhere.test/')).text()).toBe('by msw');
    expect(seen).toEqual(['http://elsewhere.test/']);
  });

  it('also for calls that the native fetch has to make: streams, redirects', async () => {
    await using mesh = await createTestMesh(BOOKS, {
      services: { ratings: (request) => (request.path === '/moved' ? { status: 307, headers: { location: 'http://reviews:9080/' } } : { body: `by the mesh ${request.body}` }), reviews: () => ({ body: 'moved' }) },
    });
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('streamed'));
        controller.close();
      },
    });

    expect(await (await mesh.fetch('http://ratings:9080/', { method: 'POST', body, duplex: 'half' } as RequestInit)).text()).toBe('by the mesh streamed');
    expect(await (await mesh.fetch('http://ratings:9080/moved')).text()).toBe('moved');
  });

  it('does not get what a closed mesh refuses, as long as that is installed', async () => {
    await using closed = await createTestMesh(BOOKS);
    const restore = closed.install({ fetch: true });
    await expect(fetch('http://elsewhere.test/')).rejects.toMatchObject({ cause: { code: 'ERR_EGRESS_BLOCKED' } });
    restore();

    expect(await (await fetch('http://elsewhere.test/')).text()).toBe('by msw');
  });
});
