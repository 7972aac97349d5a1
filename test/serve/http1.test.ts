import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { say, serveWorld, type Seen } from './serve-world.ts';

const { server } = serveWorld();

/** Sends `lines` as they are, and gives what comes back until the other side ends. */
async function raw(take: (socket: Duplex) => void, message: string): Promise<string> {
  const [caller, served] = duplexPair();
  take(served);
  caller.write(message);
  return text(caller);
}

describe('HTTP/1.1 on a stream that is no socket', () => {
  it('hands requests over plainly', async () => {
    const { server: http, seen } = server(say('hi'));

    const answer = await raw((socket) => http.take(socket, 'mine'), 'POST /a?b=c HTTP/1.1\r\nHost: Shop:80\r\nX-Twice: 1\r\nX-Twice: 2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');

    expect(seen).toMatchObject([{ connection: 'mine', method: 'POST', authority: 'Shop:80', path: '/a?b=c', body: null, http2: false }]);
    expect(seen[0]?.headers).toEqual(['x-twice', '1', 'x-twice', '2', 'connection', 'close', 'content-length', '0']);
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\nhi$/);
  });

  it('serves one request after another, for node:http as a client too', async () => {
    const { server: http } = server((seen) => say(seen.path)(seen));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = () => {
      const [caller, served] = duplexPair();
      http.take(served, 'agent');
      return caller;
    };
    const paths = [];
    for (const path of ['/1', '/2', '/3']) {
      const [response] = (await once(httpRequest({ agent, path, host: 'a' }).end(), 'response')) as [IncomingMessage];
      paths.push(await text(response));
    }

    expect(paths).toEqual(['/1', '/2', '/3']);
    agent.destroy();
  });

  it('reads a body no faster than it is taken', async () => {
    const { server: http, seen } = server();
    const [caller, served] = duplexPair();
    http.take(served, 'slow');
    caller.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    let sent = 0;
    while (sent < 100 && caller.write(chunk)) sent++;
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(sent).toBeLessThan(20);
    caller.end('0\r\n\r\n');
    let size = 0;
    for await (const part of seen[0]!.body!) size += part.length;
    expect(size).toBe((sent + 1) * 0x4000);
  });

  it('lets the answerer say whether it wants the body, and gives hints before the answer', async () => {
    const { server: http } = server((seen) => {
      seen.answer.onResponseStart?.(seen.controller, 100, {});
      seen.answer.onResponseStart?.(seen.controller, 103, { link: '</a.css>; rel=preload' });
      say('ok')(seen);
    });

    const answer = await raw((socket) => http.take(socket, ''), 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');

    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload\r\n\r\nHTTP\/1.1 200 OK\r\n[\s\S]*connection: close/i);
  });

  it('writes trailers', async () => {
    const { server: http } = server(({ answer, controller }) => {
      answer.onResponseStart?.(controller, 200, { trailer: 'x-sum' });
      answer.onResponseData?.(controller, Buffer.from('hi'));
      answer.onResponseEnd?.(controller, { 'x-sum': '1' });
    });

    expect(await raw((socket) => http.take(socket, ''), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(/2\r\nhi\r\n0\r\nx-sum: 1\r\n\r\n$/);
  });

  it('writes a head at once, though its body is long in coming', async () => {
    let answering!: Seen;
    const { server: http } = server((seen) => (answering = seen));
    const [caller, served] = duplexPair();
    http.take(served, '');
    caller.write('GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => answering).toBeDefined();
    const { answer, controller } = answering;
    let heard = '';
    caller.on('data', (chunk) => (heard += String(chunk)));

    answer.onResponseStart?.(controller, 200, { 'content-type': 'text/event-stream' });
    await expect.poll(() => heard).toMatch(/^HTTP\/1.1 200 OK\r\ncontent-type: text\/event-stream\r\n[\s\S]*chunked\r\n\r\n$/i);
    answer.onResponseData?.(controller, Buffer.from('data: 1\n\n'));
    await expect.poll(() => heard).toMatch(/data: 1\n\n\r\n$/);
    caller.destroy();
    served.destroy();
  });

  it.each([
    ['GET', 503, /\r\ncontent-length: 0\r\n(?!.*chunked)/i],
    ['GET', 204, /^(?![\s\S]*(content-length|transfer-encoding))/i],
    ['GET', 304, /^(?![\s\S]*(content-length|transfer-encoding))/i],
    ['HEAD', 200, /^(?![\s\S]*content-length)/i],
  ])('says of an answer without a body to %s, %i, that none follows', async (method, status, expected) => {
    const { server: http } = server(({ answer, controller }) => {
      answer.onResponseStart?.(controller, status, { 'x-a': '1' });
      answer.onResponseEnd?.(controller, {});
    });

    const answer = await raw((socket) => http.take(socket, ''), `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*\\r\\n\\r\\n$`));
    expect(answer).toMatch(expected);
  });

  it('holds an answer back while its caller does not read, and aborts it when that leaves', async () => {
    let answering!: Seen;
    const { server: http } = server((seen) => (answering = seen));
    const [caller, served] = duplexPair();
    http.take(served, '');
    caller.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => answering).toBeDefined();
    const { answer, controller } = answering;

    answer.onResponseStart?.(controller, 200, {});
    for (let i = 0; i < 10; i++) answer.onResponseData?.(controller, Buffer.alloc(50_000));
    expect(controller.paused).toBe(true);
    caller.resume();
    await expect.poll(() => controller.paused).toBe(false);
    caller.destroy();
    served.destroy();
    await expect.poll(() => controller.aborted).toBe(true);
  });

  it.each([
    ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n', 426],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 404],
    ['CONNECT with two Hosts', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ])('refuses %s', async (_what, message, status) => {
    const { server: http } = server(say('never'), status === 404 ? {} : { tunnel: (_tunnel, socket) => socket.end('never') });

    expect(await raw((socket) => http.take(socket, ''), message)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

describe('CONNECT', () => {
  it('is the door\'s to answer, which may have requests read inside of it', async () => {
    const { server: http, seen } = server(say('inside'), {
      tunnel: ({ authority, connection }, socket, head) => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        if (head.length > 0) socket.unshift(head);
        http.take(socket, `${connection} to ${authority}`);
      },
    });
    const [caller, served] = duplexPair();
    http.take(served, 'tunnel');

    caller.write('CONNECT reviews:9080 HTTP/1.1\r\nHost: reviews:9080\r\n\r\n');
    expect(String((await once(caller, 'data'))[0])).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
    caller.write('GET /x HTTP/1.1\r\nHost: reviews\r\nConnection: close\r\n\r\n');

    expect(await text(caller)).toMatch(/inside$/);
    expect(seen).toMatchObject([{ connection: 'tunnel to reviews:9080', path: '/x' }]);
  });
});

describe('the end of a server', () => {
  it('closes what is idle, and the rest with its request', async () => {
    let answering!: Seen;
    const { server: http } = server((seen) => (answering = seen));
    const [idle, servedIdle] = duplexPair();
    const [busy, servedBusy] = duplexPair();
    http.take(servedIdle, '');
    http.take(servedBusy, '');
    busy.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => answering).toBeDefined();

    http.drain();
    let drained = false;
    const over = http.idle().then(() => (drained = true));
    expect([servedIdle.destroyed, servedBusy.destroyed, drained]).toEqual([true, false, false]);
    say('bye')(answering);
    await over;

    expect(await text(busy)).toMatch(/connection: close[\s\S]*bye$/);
    idle.destroy();
  });
});
