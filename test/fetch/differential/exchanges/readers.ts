import { Readable } from 'node:stream';
import { outcomeOf, describeError, drain, resultOf } from '../observe.ts';
import type { Fetch, Place, ScriptedExchange } from '../script.ts';

// It is no part of the types of Node.
const wasm = (globalThis as unknown as { WebAssembly: { compileStreaming(source: Response): Promise<object> } }).WebAssembly;

const JSON_TEXT = '{"a":[1,"é"],"b":null}';

const read = (name: string, call: (response: Response, fetch: Fetch, place: Place) => Promise<unknown>, body: string | Buffer = JSON_TEXT, type = 'application/json'): ScriptedExchange => ({
  name,
  serve: (_request, response) => void response.writeHead(200, { 'content-type': type }).end(body),
  call: async (fetch, place) => call(await fetch(place.origin), fetch, place),
});

const large = 'x'.repeat(200_000);
const pieces: ScriptedExchange['serve'] = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.write('one ');
  setTimeout(() => response.write('two '), 15);
  setTimeout(() => response.end('three'), 30);
};

const multipart = '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--X\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\nContent-Type: text/x\r\n\r\nfile\r\n--X--\r\n';

/** The ways a body can be read. */
export const readers: readonly ScriptedExchange[] = [
  read('json', (response) => outcomeOf(response.json())),
  read('json that is none', (response) => outcomeOf(response.json()), '{"a":'),
  read('json of nothing', (response) => outcomeOf(response.json()), ''),
  read('text with a byte order mark', (response) => outcomeOf(response.text()), Buffer.from('\ufeffa\ufeffb')),
  read('json with a byte order mark', (response) => outcomeOf(response.json()), Buffer.from('\ufeff{}')),
  read('text that is no UTF-8', (response) => outcomeOf(response.text()), Buffer.from([0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82, 0xf0, 0x9f, 0x98, 0xed, 0xa0, 0x80, 0x62, 0xc0, 0x80, 0xf4, 0x90, 0x80, 0x80])),
  read('arrayBuffer', async (response) => {
    const buffer = await response.arrayBuffer();
    return [buffer.constructor.name, buffer.byteLength, Buffer.from(buffer).toString()];
  }),
  read('bytes', async (response) => {
    const bytes = await response.bytes();
    return [bytes.constructor.name, bytes.byteOffset, bytes.buffer.byteLength, Buffer.from(bytes).toString()];
  }),
  read('blob', async (response) => {
    const blob = await response.blob();
    return [blob.size, blob.type, await blob.text()];
  }),
  read('blob with a parameter in its type', async (response) => (await response.blob()).type, 'x', 'Text/HTML;Charset="UTF-8"'),
  read('blob of an invalid type', async (response) => (await response.blob()).type, 'x', 'nonsense'),
  read('a multipart form', async (response) => {
    const form = await response.formData();
    const file = form.get('f') as File;
    return [form.get('a'), file.name, file.type, await file.text(), form instanceof FormData];
  }, multipart, 'multipart/form-data; boundary=X'),
  read('an urlencoded form', async (response) => [...(await response.formData())], 'a=1&b=%C3%A9', 'application/x-www-form-urlencoded'),
  read('a form that is none', (response) => outcomeOf(response.formData()), 'x', 'text/plain'),
  read('text twice', async (response) => {
    const first = response.text();
    const used = response.bodyUsed;
    return [used, await outcomeOf(response.text()), await outcomeOf(first), await outcomeOf(response.json()), await outcomeOf(response.blob()), response.bodyUsed];
  }),
  read('clone after text', async (response) => {
    await response.text();
    return [resultOf(() => response.clone()), response.body?.locked];
  }),
  read('text of nothing', async (response) => [response.bodyUsed, await response.text(), response.bodyUsed], ''),
  { name: 'a body in pieces', serve: pieces, call: async (fetch, { origin }) => (await fetch(origin)).text() },
  { name: 'a body in pieces as a stream', serve: pieces, call: async (fetch, { origin }) => drain((await fetch(origin)).body!) },
  read('a large body', async (response) => (await response.text()).length, large),
  read('a large body as a stream, later', async (response) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return ((await drain(response.body!)) as { text: string }).text.length;
  }, large),
  read('body is one and the same', (response) => {
    const { body } = response;
    return Promise.resolve([body === response.body, body?.constructor.name, body?.locked, response.bodyUsed]);
  }),
  read('a reader', async (response) => {
    const reader = response.body!.getReader();
    const before = response.bodyUsed;
    const first = await reader.read();
    const after = response.bodyUsed;
    const text = await outcomeOf(response.text());
    const clone = resultOf(() => response.clone());
    reader.releaseLock();
    return [before, Buffer.from(first.value!).toString(), first.value!.constructor.name, after, text, clone, await outcomeOf(response.text())];
  }),
  read('a reader that lets go unread', async (response) => {
    const reader = response.body!.getReader();
    reader.releaseLock();
    return [response.bodyUsed, await response.text(), response.bodyUsed];
  }),
  read('a reader with its own buffer', async (response) => {
    const reader = response.body!.getReader({ mode: 'byob' });
    const first = await reader.read(new Uint8Array(4));
    const rest: string[] = [];
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(100));
      if (done) return [Buffer.from(first.value!).toString(), rest, value?.byteLength, await outcomeOf(reader.closed)];
      rest.push(Buffer.from(value).toString());
    }
  }),
  read('several reads at once', async (response) => {
    const reader = response.body!.getReader();
    const [first, second] = await Promise.all([reader.read(), reader.read()]);
    await reader.closed;
    return [first.done, second.done, (first.value?.length ?? 0) + (second.value?.length ?? 0)];
  }),
  read('cancel', async (response) => {
    await response.body!.cancel('enough');
    return [response.bodyUsed, await outcomeOf(response.text()), await drainError(response)];
  }, large),
  read('clone', async (response) => {
    const clone = response.clone();
    const texts = await Promise.all([response.text(), clone.text()]);
    return [texts, response.bodyUsed, clone.bodyUsed, clone instanceof Response, clone.url, clone.type, clone.status, clone.headers.get('content-type'), clone.redirected];
  }),
  read('clone of a clone, one left unread', async (response) => {
    const clone = response.clone();
    const third = clone.clone();
    return [await third.json(), await clone.text(), response.bodyUsed];
  }),
  read('clone after body was looked at', async (response) => {
    const { body } = response;
    const clone = response.clone();
    return [body === response.body, await clone.text(), await response.text()];
  }),
  read('tee', async (response) => {
    const [one, two] = response.body!.tee();
    return [await drain(one), await drain(two), response.bodyUsed, await outcomeOf(response.text())];
  }),
  read('pipeThrough', async (response) => drain(response.body!.pipeThrough(new TransformStream<Uint8Array, Uint8Array>()))),
  read('WebAssembly.compileStreaming', async (response) => {
    return String(await wasm.compileStreaming(response));
  }, Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), 'application/wasm'),
  read('Readable.fromWeb', async (response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of Readable.fromWeb(response.body as never)) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks).toString();
  }),
  read('a new Response around the body', async (response) => {
    const wrapped = new Response(response.body, response as ResponseInit);
    return [wrapped.status, [...wrapped.headers].filter(([name]) => name !== 'date'), await wrapped.text()];
  }),
];

async function drainError(response: Response): Promise<unknown> {
  try {
    return await drain(response.body!);
  } catch (error) {
    return describeError(error);
  }
}
