import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { headOf, outcomeOf, wholeOf } from '../observe.ts';
import type { ScriptedExchange } from '../script.ts';

const text = 'The quick brown fox. '.repeat(50);

const raw = (name: string, answer: string, init?: RequestInit): ScriptedExchange => ({
  name,
  serveRaw: (socket) => void socket.write(Buffer.from(answer, 'latin1')),
  call: (fetch, { origin }) => outcomeOf(fetch(origin, init).then(wholeOf)),
});

const status = (code: number, init?: RequestInit): ScriptedExchange =>
  raw(`status ${code}${init?.method === undefined ? '' : ` to ${init.method}`}`, `HTTP/1.1 ${code} Some Words\r\nx-a: 1\r\ncontent-length: 3\r\n\r\nabc`, init);

const nullBody = (code: number): ScriptedExchange => ({
  name: `status ${code} has no body`,
  serveRaw: (socket) => void socket.write(`HTTP/1.1 ${code} None\r\nx-a: 1\r\ncontent-length: 0\r\n\r\n`),
  call: async (fetch, { origin }) => {
    const response = await fetch(origin);
    return { ...headOf(response), body: response.body, text: await outcomeOf(response.text()), again: await outcomeOf(response.json()), used: response.bodyUsed };
  },
});

const encoded = (name: string, coding: string, body: Buffer, init?: RequestInit): ScriptedExchange => ({
  name,
  serve: (_request, response) => response.writeHead(200, { 'content-encoding': coding, 'content-type': 'text/plain' }).end(body),
  call: (fetch, { origin }) => outcomeOf(fetch(origin, init).then(wholeOf)),
});

/** What a caller sees of a response: status line, headers, codings. */
export const responses: readonly ScriptedExchange[] = [
  ...[200, 201, 206, 299, 300, 304, 306, 400, 401, 404, 418, 500, 503, 599, 600, 999].map((code) => status(code)),
  status(301, { redirect: 'manual' }),
  status(200, { method: 'HEAD' }),
  status(407),
  ...[204, 205, 304].map(nullBody),
  {
    name: 'a misdirected request is sent once more',
    serve: (request, response) => response.writeHead(421, { 'x-method': String(request.method) }).end('no'),
    call: async (fetch, { origin }) => wholeOf(await fetch(origin, { method: 'POST', body: 'abc' })),
  },
  raw('no reason phrase', 'HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok'),
  raw('an odd reason phrase', 'HTTP/1.1 200 V\xe4ry \xa9 fine\r\ncontent-length: 2\r\n\r\nok'),
  raw('informational responses first', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
  raw('a chunked body', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nx-trailer: 1\r\n\r\n'),
  raw('an empty body', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
  raw('an empty chunked body', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
  {
    name: 'a body that ends with the connection',
    serveRaw: (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'),
    call: async (fetch, { origin }) => wholeOf(await fetch(origin)),
  },
  raw('repeated headers', 'HTTP/1.1 200 OK\r\nX-A: 1\r\nx-b: 2\r\nx-a: 3\r\nset-cookie: a=1\r\nSet-Cookie: b=2; Path=/\r\ncontent-length: 0\r\n\r\n'),
  raw('one cookie', 'HTTP/1.1 200 OK\r\nset-cookie: a=1\r\ncontent-length: 0\r\n\r\n'),
  raw('header values outside ASCII', 'HTTP/1.1 200 OK\r\nx-a: \xe9\xc3\xa9\r\nx-empty:\r\nx-space:   a  b\r\ncontent-length: 0\r\n\r\n'),
  raw('headers named like members of every object', 'HTTP/1.1 200 OK\r\nconstructor: 1\r\n__proto__: 2\r\ntostring: 3\r\nhasownproperty: 4\r\ncontent-length: 0\r\n\r\n'),
  encoded('gzip', 'gzip', gzipSync(text)),
  encoded('x-gzip', 'X-GZIP', gzipSync(text)),
  encoded('deflate', 'deflate', deflateSync(text)),
  encoded('raw deflate', 'deflate', deflateRawSync(text)),
  encoded('brotli', 'br', brotliCompressSync(text)),
  encoded('two codings', 'deflate, gzip', gzipSync(deflateSync(text))),
  encoded('a coding nobody knows', 'snappy', Buffer.from(text)),
  encoded('identity', 'identity', Buffer.from(text)),
  encoded('gzip cut off', 'gzip', gzipSync(text).subarray(0, -12)),
  encoded('gzip that is none', 'gzip', Buffer.from(text)),
  encoded('gzip and nothing', 'gzip', Buffer.alloc(0)),
  encoded('gzip to HEAD', 'gzip', gzipSync(text), { method: 'HEAD' }),
  encoded('too many codings', 'gzip,gzip,gzip,gzip,gzip,gzip', gzipSync(text)),
  encoded('a gzip stream flushed midway', 'gzip', gzipSync(text, { finishFlush: constants.Z_SYNC_FLUSH })),
  // Zstandard as RFC 8878 writes a frame with one raw block of five bytes.
  encoded('zstd', 'zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 0x29, 0, 0, ...Buffer.from('hello')])),
  {
    name: 'integrity that matches',
    call: async (fetch, { origin }) => wholeOf(await fetch(origin, { integrity: 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' })),
  },
];
