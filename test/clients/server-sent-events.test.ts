import type { RequestListener } from 'node:http';
import { EventSource } from 'undici';
import { describe, expect, it, vi } from 'vitest';
import { clientsWorld, reviews } from './clients-world.ts';

const { http, start, defer } = clientsWorld();

/** Sends `version 1`, `version 2`, … until `events` are sent, and ends; `asked`: what it was asked. */
function ticker(version: string, { events = Infinity, everyMs = 20, asked = [] as string[] } = {}): RequestListener {
  return (request, response) => {
    asked.push(`${version} ${String(request.headers['last-event-id'] ?? '-')}`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 10\n\n');
    let sent = Number(request.headers['last-event-id'] ?? 0);
    const last = sent + events;
    const timer = setInterval(() => {
      sent++;
      response.write(`id: ${sent}\ndata: ${version} ${sent}\n\n`);
      if (sent < last) return;
      clearInterval(timer);
      response.end();
    }, everyMs);
    response.on('close', () => clearInterval(timer));
  };
}

/** To `subset`, with whatever else of an HTTP route. */
const to = (subset: string, more: object = {}): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'reviews' },
  spec: { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews', subset } }], ...more }] },
});

async function world(v1: RequestListener, v2: RequestListener = ticker('v2')) {
  return start(reviews({ v1: await http(v1), v2: await http(v2) }));
}

/** The texts of a stream, until there are `count`. */
async function read(body: ReadableStream<Uint8Array> | null, count: number): Promise<string[]> {
  const texts: string[] = [];
  let rest = '';
  for await (const chunk of body!.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
    rest += chunk;
    texts.push(...[...rest.matchAll(/data: (.*)\n\n/g)].map(([, text]) => text!));
    rest = rest.slice(rest.lastIndexOf('\n\n') + 2);
    if (texts.length >= count) break;
  }
  return texts.slice(0, count);
}

const active = (stats: Record<string, number>): number => Object.entries(stats).reduce((sum, [name, value]) => (name.endsWith('upstream_rq_active') ? sum + value : sum), 0);

describe('server-sent events', () => {
  it('arrive one by one by mesh.fetch, from where rules say, and end with the caller', async () => {
    const { mesh, calls } = await world(ticker('v1'));
    const response = await mesh.fetch('http://reviews:9080/events', { headers: { 'end-user': 'jason' } });

    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(active(mesh.stats())).toBe(1);
    expect(await read(response.body, 3)).toEqual(['v2 1', 'v2 2', 'v2 3']);
    await vi.waitFor(() => expect(active(mesh.stats())).toBe(0));
    expect(calls).toMatchObject([{ flags: 'DC', status: 200 }]);
  });

  it('have no end of their own; a route timeout is one', async () => {
    const { mesh, calls } = await world(ticker('v1', { everyMs: 60 }));
    expect(await read((await mesh.fetch('http://reviews:9080/events')).body, 6)).toHaveLength(6);

    await mesh.apply(to('v1', { timeout: '0.2s' }));
    const cut = await mesh.fetch('http://reviews:9080/events');
    await expect(read(cut.body, 6)).rejects.toThrow();
    expect(calls.map(({ flags }) => flags)).toEqual(['DC', 'UT']);
  });

  it('come to an EventSource of undici, which finds its way again under other rules', async () => {
    const asked: string[] = [];
    const { mesh } = await world(ticker('v1', { events: 2, asked }), ticker('v2', { asked }));
    await mesh.apply(to('v1'));
    const source = new EventSource('http://reviews:9080/events', { dispatcher: mesh.dispatcher } as never);
    defer(() => source.close());
    const texts: string[] = [];
    source.onmessage = ({ data }) => texts.push(data as string);

    await vi.waitFor(() => expect(texts).toContain('v1 2'));
    await mesh.apply(to('v2'));
    await vi.waitFor(() => expect(texts.at(-1)).toMatch(/^v2/), { timeout: 5000 });
    // It may have come back to v1 before the rules changed; nothing is lost or told twice.
    expect(texts.map((text) => Number(text.slice(3)))).toEqual(texts.map((_, index) => index + 1));
    expect(asked.at(-1)).toBe(`v2 ${texts.findLastIndex((text) => text.startsWith('v1')) + 1}`);
  });

  it('meet faults', async () => {
    const { mesh } = await world(ticker('v1'));
    await mesh.apply(to('v1', { fault: { abort: { httpStatus: 503, percentage: { value: 100 } } } }));
    const source = new EventSource('http://reviews:9080/events', { dispatcher: mesh.dispatcher } as never);
    defer(() => source.close());

    await new Promise((resolve) => (source.onerror = resolve));
    expect(source.readyState).toBe(EventSource.CLOSED);

    await mesh.apply(to('v1', { fault: { delay: { fixedDelay: '0.15s', percentage: { value: 100 } } } }));
    const later = new EventSource('http://reviews:9080/events', { dispatcher: mesh.dispatcher } as never);
    defer(() => later.close());
    const began = performance.now();
    await new Promise((resolve) => (later.onopen = resolve));
    expect(performance.now() - began).toBeGreaterThan(140);
  });
});
