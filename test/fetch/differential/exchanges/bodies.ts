import { outcomeOf, wholeOf } from '../observe.ts';
import type { ScriptedExchange } from '../script.ts';

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield encode(text);
}

const streamOf = (...texts: string[]): ReadableStream => ReadableStream.from(chunks(...texts));

const post = (name: string, init: () => RequestInit & { duplex?: 'half' }): ScriptedExchange => ({
  name,
  call: (fetch, { origin }) => outcomeOf(fetch(origin, { method: 'POST', ...init() }).then(wholeOf)),
});

const givenAway = (): Uint8Array<ArrayBuffer> => {
  const bytes = encode('abc');
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
};

const form = (): FormData => {
  const data = new FormData();
  data.append('a', 'é"\n');
  data.append('file', new File(['content'], 'na"me.txt', { type: 'text/x' }));
  return data;
};

/** What a server sees of a request body. */
export const bodies: readonly ScriptedExchange[] = [
  post('no body', () => ({})),
  post('no body, PUT', () => ({ method: 'PUT' })),
  post('no body, PATCH', () => ({ method: 'PATCH' })),
  post('no body, DELETE', () => ({ method: 'DELETE' })),
  post('body null', () => ({ body: null })),
  post('a string', () => ({ body: 'é€😀 \ud800' })),
  post('an empty string', () => ({ body: '' })),
  post('a string with a content type', () => ({ body: '{}', headers: { 'Content-Type': 'application/json' } })),
  post('a content length of one\'s own', () => ({ body: 'abc', headers: { 'content-length': '3' } })),
  post('a number', () => ({ body: 5 as never })),
  post('an object', () => ({ body: { toString: () => 'obj' } as never })),
  post('an ArrayBuffer', () => ({ body: encode('abc').buffer })),
  post('a view into a buffer', () => ({ body: encode('xabcx').subarray(1, 4) })),
  post('a DataView', () => ({ body: new DataView(encode('xabcx').buffer, 1, 3) })),
  post('a Uint16Array', () => ({ body: new Uint16Array([0x4142, 0x4344]) })),
  post('a Buffer', () => ({ body: Buffer.from('abc') })),
  post('an empty Uint8Array', () => ({ body: new Uint8Array() })),
  post('a view of a buffer that was given away', () => ({ body: givenAway() })),
  post('a buffer that was given away', () => ({ body: givenAway().buffer })),
  post('URLSearchParams', () => ({ body: new URLSearchParams({ a: 'é &', b: '2' }) })),
  post('a Blob with a type', () => ({ body: new Blob(['a', 'bc'], { type: 'text/x' }) })),
  post('a Blob without a type', () => ({ body: new Blob(['abc']) })),
  post('a File', () => ({ body: new File(['abc'], 'f', { type: 'text/y' }) })),
  post('a stream', () => ({ body: streamOf('ab', 'c'), duplex: 'half' })),
  post('an empty stream', () => ({ body: streamOf(), duplex: 'half' })),
  post('an async iterable', () => ({ body: chunks('ab', 'c') as never, duplex: 'half' })),
  post('DELETE with a body', () => ({ method: 'DELETE', body: 'x' })),
  {
    name: 'a form',
    call: async (fetch, { origin }) => wholeOf(await fetch(origin, { method: 'POST', body: form() })),
    serve: (request, response, body) => {
      const type = String(request.headers['content-type']);
      new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData().then(async (data) => {
        const file = data.get('file') as File;
        response.end(JSON.stringify([type.split('=')[0], data.get('a'), file.name, file.type, await file.text()]));
      }, (error: unknown) => response.end(String(error)));
    },
  },
  {
    name: 'bytes that change after the call',
    call: async (fetch, { origin }) => {
      const body = encode('before');
      const answer = fetch(origin, { method: 'POST', body });
      body.fill(0x78);
      return wholeOf(await answer);
    },
  },
  {
    name: 'a large string',
    serve: (_request, response, body) => response.end(String(body.length)),
    call: async (fetch, { origin }) => (await fetch(origin, { method: 'POST', body: 'x'.repeat(300_000) })).text(),
  },
  {
    name: 'a Request with a string body',
    call: async (fetch, { origin }) => {
      const request = new Request(origin, { method: 'POST', body: 'abc', headers: { 'x-a': '1' } });
      const answer = fetch(request);
      return { used: request.bodyUsed, ...(await wholeOf(await answer)), usedAfter: request.bodyUsed };
    },
  },
  {
    name: 'a Request with a stream body',
    call: async (fetch, { origin }) => {
      const request = new Request(origin, { method: 'POST', body: streamOf('ab', 'c'), duplex: 'half' } as never);
      return wholeOf(await fetch(request));
    },
  },
  {
    name: 'a Request whose body init replaces',
    call: async (fetch, { origin }) => {
      const request = new Request(origin, { method: 'POST', body: 'abc' });
      const answer = await fetch(request, { body: 'other', method: 'PUT' });
      return { used: request.bodyUsed, ...(await wholeOf(answer)) };
    },
  },
  {
    name: 'a stream both ways',
    serve: (_request, response, body) => response.end(body.toString('latin1').toUpperCase()),
    call: async (fetch, { origin }) => wholeOf(await fetch(origin, { method: 'POST', body: streamOf('a', 'b', 'c'), duplex: 'half' } as never)),
  },
];
