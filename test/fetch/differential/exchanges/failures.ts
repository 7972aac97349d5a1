import { drain, outcomeOf, wholeOf } from '../observe.ts';
import type { Fetch, Place, ScriptedExchange } from '../script.ts';

const mine = (): never => {
  throw new RangeError('mine');
};

const refused = (name: string, call: (fetch: Fetch, place: Place) => unknown): ScriptedExchange => ({
  name,
  call: (fetch, place) => outcomeOf(Promise.resolve(call(fetch, place)).then((response) => wholeOf(response as Response))),
});

const broken = (name: string, answer: string, end: 'end' | 'destroy' | 'write' = 'end'): ScriptedExchange => ({
  name,
  serveRaw: (socket) => {
    if (end === 'destroy') socket.write(answer, () => socket.resetAndDestroy());
    else socket[end](answer);
  },
  call: async (fetch, { origin }) =>
    outcomeOf(fetch(origin).then(async (response) => [response.status, await outcomeOf(response.text()), await outcomeOf(response.text()), response.bodyUsed])),
});

/** What goes wrong, before and after the call is made. */
export const failures: readonly ScriptedExchange[] = [
  refused('no arguments', (fetch) => (fetch as unknown as () => Promise<Response>)()),
  refused('no URL', (fetch) => fetch('nonsense')),
  refused('a relative URL', (fetch) => fetch('/path')),
  refused('undefined', (fetch) => fetch(undefined as never)),
  refused('credentials in the URL', (fetch, { port }) => fetch(`http://user:secret@127.0.0.1:${port}/`)),
  refused('an invalid host', (fetch) => fetch('http://a b/')),
  refused('an invalid port', (fetch) => fetch('http://a:99999/')),
  refused('a blocked port', (fetch) => fetch('http://127.0.0.1:6666/')),
  refused('an unknown scheme', (fetch) => fetch('gopher://a/')),
  refused('a file URL', (fetch) => fetch('file:///etc/hosts')),
  refused('a data URL', (fetch) => fetch('data:text/plain;charset=utf-8,hello%20there')),
  refused('an invalid data URL', (fetch) => fetch('data:text')),
  refused('about:blank', (fetch) => fetch('about:blank')),
  refused('an unknown blob URL', (fetch) => fetch('blob:nodedata:1234')),
  refused('init that is no object', (fetch, { origin }) => fetch(origin, 'x' as never)),
  refused('a URL that cannot be a string', (fetch) => fetch({ toString: mine } as never)),
  refused('a member of init that throws', (fetch, { origin }) => fetch(origin, { get method() { return mine(); } })),
  refused('a dispatcher that throws when it is asked for', (fetch, { origin }) => fetch(origin, { get dispatcher() { return mine(); } } as RequestInit)),
  refused('a method that cannot be a string', (fetch, { origin }) => fetch(origin, { method: { toString: mine } as never })),
  refused('a header that throws when it is read', (fetch, { origin }) => fetch(origin, { headers: { get a() { return mine(); } } })),
  refused('a method that is none', (fetch, { origin }) => fetch(origin, { method: 'A B' })),
  refused('an empty method', (fetch, { origin }) => fetch(origin, { method: '' })),
  refused('method CONNECT', (fetch, { origin }) => fetch(origin, { method: 'CONNECT' })),
  refused('method trace', (fetch, { origin }) => fetch(origin, { method: 'trace' })),
  refused('method null', (fetch, { origin }) => fetch(origin, { method: null as never })),
  refused('a GET with a body', (fetch, { origin }) => fetch(origin, { body: 'x' })),
  refused('a HEAD with an empty body', (fetch, { origin }) => fetch(origin, { method: 'HEAD', body: '' })),
  refused('a header name that is none', (fetch, { origin }) => fetch(origin, { headers: { 'a b': '1' } })),
  refused('an empty header name', (fetch, { origin }) => fetch(origin, { headers: { '': '1' } })),
  refused('a header value with a line break', (fetch, { origin }) => fetch(origin, { headers: { a: '1\r\nb: 2' } })),
  refused('a header value with NUL', (fetch, { origin }) => fetch(origin, { headers: { a: '1\0' } })),
  refused('a header value with a control character', (fetch, { origin }) => fetch(origin, { headers: { a: '1\x01' } })),
  refused('a header value outside Latin-1', (fetch, { origin }) => fetch(origin, { headers: { a: '€' } })),
  refused('a header pair of three', (fetch, { origin }) => fetch(origin, { headers: [['a', 'b', 'c']] as never })),
  refused('headers null', (fetch, { origin }) => fetch(origin, { headers: null as never })),
  refused('headers a string', (fetch, { origin }) => fetch(origin, { headers: 'a: b' as never })),
  refused('a header value that is a symbol', (fetch, { origin }) => fetch(origin, { headers: { a: Symbol('s') } as never })),
  refused('transfer-encoding', (fetch, { origin }) => fetch(origin, { method: 'POST', body: 'abc', headers: { 'transfer-encoding': 'chunked' } })),
  refused('upgrade', (fetch, { origin }) => fetch(origin, { headers: { upgrade: 'websocket' } })),
  refused('keep-alive', (fetch, { origin }) => fetch(origin, { headers: { 'keep-alive': 'timeout=5' } })),
  refused('expect', (fetch, { origin }) => fetch(origin, { method: 'POST', body: 'abc', headers: { expect: '100-continue' } })),
  refused('a wrong content length', (fetch, { origin }) => fetch(origin, { method: 'POST', body: 'abc', headers: { 'content-length': '5' } })),
  refused('an unknown redirect mode', (fetch, { origin }) => fetch(origin, { redirect: 'never' as never })),
  refused('an unknown cache mode', (fetch, { origin }) => fetch(origin, { cache: 'never' as never })),
  refused('only-if-cached', (fetch, { origin }) => fetch(origin, { cache: 'only-if-cached' })),
  refused('mode navigate', (fetch, { origin }) => fetch(origin, { mode: 'navigate' })),
  refused('an unknown priority', (fetch, { origin }) => fetch(origin, { priority: 'urgent' } as never)),
  refused('a window', (fetch, { origin }) => fetch(origin, { window: {} } as never)),
  refused('an invalid referrer', (fetch, { origin }) => fetch(origin, { referrer: 'http://[' })),
  refused('a signal that is none', (fetch, { origin }) => fetch(origin, { signal: {} as never })),
  refused('a stream without duplex', (fetch, { origin }) => fetch(origin, { method: 'POST', body: new Blob(['a']).stream() })),
  refused('a stream that is locked', (fetch, { origin }) => {
    const body = new Blob(['a']).stream();
    body.getReader();
    return fetch(origin, { method: 'POST', body, duplex: 'half' } as never);
  }),
  refused('a Request that was used', async (fetch, { origin }) => {
    const request = new Request(origin, { method: 'POST', body: 'abc' });
    await request.text();
    return fetch(request);
  }),
  refused('integrity that does not match', (fetch, { origin }) => fetch(origin, { integrity: 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' })),
  refused('nobody listens', (fetch, { refused: origin }) => fetch(origin)),
  refused('nobody listens to a POST', (fetch, { refused: origin }) => fetch(origin, { method: 'POST', body: 'abc' })),
  refused('a name that does not resolve', (fetch) => fetch('http://name.invalid/')),
  {
    name: 'the connection closes before an answer',
    serveRaw: (socket) => void socket.end(),
    call: (fetch, { origin }) => outcomeOf(fetch(origin)),
  },
  {
    name: 'the connection resets before an answer',
    serveRaw: (socket) => void socket.resetAndDestroy(),
    call: (fetch, { origin }) => outcomeOf(fetch(origin)),
  },
  broken('no HTTP at all', 'nonsense\r\n\r\n'),
  broken('a head cut off', 'HTTP/1.1 200 OK\r\nx-a: 1\r\n'),
  broken('an invalid header line', 'HTTP/1.1 200 OK\r\nx a: 1\r\n\r\n'),
  broken('a body shorter than its length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
  broken('two content lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc'),
  broken('a status of 199', 'HTTP/1.1 199 Hm\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', 'write'),
  broken('a switch of protocols nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  ...(['text', 'stream'] as const).map((reader): ScriptedExchange => ({
    name: `a chunked body cut off, read as ${reader}`,
    serveRaw: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
      // Late enough for the first chunk to have been read: what comes together with the end is lost.
      setTimeout(() => socket.end(), 150);
    },
    call: async (fetch, { origin }) => {
      const response = await fetch(origin);
      return reader === 'text' ? outcomeOf(response.text()) : drain(response.body!);
    },
  })),
  {
    name: 'a bad chunk, later',
    serveRaw: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
      setTimeout(() => socket.write('zz\r\nabc\r\n'), 20);
    },
    call: async (fetch, { origin }) => outcomeOf((await fetch(origin)).text()),
  },
  {
    name: 'the connection resets midway',
    serveRaw: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc');
      setTimeout(() => socket.resetAndDestroy(), 20);
    },
    call: async (fetch, { origin }) => outcomeOf((await fetch(origin)).json()),
  },
  {
    name: 'a request stream that fails',
    call: (fetch, { origin }) => {
      const body = new ReadableStream({
        pull(controller) {
          controller.error(new RangeError('my own'));
        },
      });
      return outcomeOf(fetch(origin, { method: 'POST', body, duplex: 'half' } as never));
    },
  },
];
