import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from '../../../src/gateway/index.ts';
import { NO_FACTS } from '../record/record-request.ts';
import type { EndedConnections } from './ended-connections.ts';
import type { Call, Outcome } from './outcome.ts';

type Reply = Pick<Outcome, 'status' | 'error' | 'informational' | 'headers' | 'trailers' | 'body'>;

/** One call straight to a gateway, over a connection of its own, with what the gateway logged of it. */
export async function callGateway(gateway: Gateway, call: Call, localAddress: string | undefined, ended: EndedConnections): Promise<Omit<Outcome, 'planned'>> {
  const port = gateway.portOf(Number(call.url.port || '80'));
  const mark = ended.count;
  const startedAt = performance.now();
  const reply = await (port === undefined ? refused() : send(port, call, localAddress));
  const elapsedMs = performance.now() - startedAt;
  const entry = port === undefined ? undefined : (await ended.since(mark, 1))[0];
  const { flags, details, cluster, route } = entry ?? NO_FACTS;
  return { ...reply, elapsedMs, facts: { flags, details, cluster, route } };
}

function refused(): Promise<Reply> {
  return Promise.resolve({ error: 'ECONNREFUSED', informational: [], headers: {}, trailers: {}, body: '' });
}

function send(port: number, { url, path, method, headers, body, bodyDelayMs, timeoutMs }: Call, localAddress: string | undefined): Promise<Reply> {
  return new Promise((resolve) => {
    const informational: number[] = [];
    let answer: IncomingMessage | undefined;
    let text = '';
    const reply = (error?: string): Reply => ({
      ...(answer?.statusCode !== undefined && { status: answer.statusCode }),
      ...(error !== undefined && { error }),
      informational,
      headers: answer?.headers ?? {},
      trailers: {},
      body: text,
    });
    const ask = request({ host: '127.0.0.1', port, method, path, agent: false, headers: { host: url.host, ...headers }, ...(localAddress !== undefined && { localAddress }) });
    const failed = (error: NodeJS.ErrnoException): void => resolve(reply(error.name === 'TimeoutError' ? 'CLIENT_TIMEOUT' : (error.code ?? 'ECONNRESET')));
    const timer = setTimeout(() => ask.destroy(Object.assign(new Error('the caller left'), { name: 'TimeoutError' })), timeoutMs);
    ask.on('close', () => clearTimeout(timer));
    ask.on('information', ({ statusCode }) => informational.push(statusCode));
    ask.on('error', failed);
    ask.on('response', (response) => {
      answer = response;
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('error', failed).on('end', () => resolve(reply()));
    });
    if (body === undefined || bodyDelayMs === 0) {
      ask.end(body);
      return;
    }
    ask.write(body.subarray(0, 1));
    void sleep(bodyDelayMs).then(() => ask.end(body.subarray(1)));
  });
}
