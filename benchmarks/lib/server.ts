// The upstream of every contestant, in a process of its own. It looks at the path alone and answers with bytes made in advance,
// so that it is never what limits a contestant; how busy it was is reported all the same.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { BODY, BYTES_PATH, CONTENT_TYPE, HELD_PATH } from './answer.ts';
import type { ServerReport } from './upstream.ts';

const answers = new Map<string, Buffer>();

let answered = 0;

/** @param path - of the request: how many bytes it asks for, or the usual body */
function answerTo(path: string): Buffer {
  const known = answers.get(path);
  if (known !== undefined) return known;
  const body = path.startsWith(BYTES_PATH) ? 'x'.repeat(Number(path.slice(BYTES_PATH.length))) : BODY;
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: ${CONTENT_TYPE}\r\ncontent-length: ${body.length}\r\nserver: benchmark\r\n\r\n${body}`);
  answers.set(path, answer);
  return answer;
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  // Requests here have no bodies, so a blank line ends each; one may be cut by the edge of a segment.
  let tail = '';
  socket.on('data', (chunk) => {
    const text = tail + chunk.toString('latin1');
    let at = 0;
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n', at)) {
      const path = text.slice(text.indexOf(' ', at) + 1, text.indexOf(' HTTP/', at));
      at = end + 4;
      if (path === HELD_PATH) continue;
      answered++;
      socket.write(answerTo(path));
    }
    tail = text.slice(at);
  });
}

let since = { at: performance.now(), loop: performance.eventLoopUtilization(), cpu: process.cpuUsage(), answered: 0 };

/** What happened since the last report. */
function report(): ServerReport {
  const now = { at: performance.now(), loop: performance.eventLoopUtilization(), cpu: process.cpuUsage(since.cpu), answered };
  const loop: EventLoopUtilization = performance.eventLoopUtilization(now.loop, since.loop);
  const elapsedMs = now.at - since.at;
  const result = {
    answered: now.answered - since.answered,
    busy: loop.utilization,
    cpuShare: (now.cpu.user + now.cpu.system) / 1000 / elapsedMs,
  };
  since = { ...now, cpu: process.cpuUsage() };
  return result;
}

const count = Number(process.argv[2]);
const servers = Array.from({ length: count }, () => createServer(serve).listen(0, '127.0.0.1', 1024));
await Promise.all(servers.map((server) => once(server, 'listening')));
process.on('message', () => process.send?.(report()));
process.on('disconnect', () => process.exit());
process.send?.(servers.map((server) => (server.address() as AddressInfo).port));
