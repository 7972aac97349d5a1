import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BackendSet } from '../backend/backend-set.ts';
import { CallBook } from '../backend/call-book.ts';
import type { ConformanceCase } from '../case/case-file.ts';
import { readDocuments, type Document } from '../case/documents.ts';
import { readCase } from '../case/read-case.ts';
import type { Observation } from '../record/observation.ts';
import { EndedConnections } from './ended-connections.ts';
import type { Dial, MeshUnderTest } from './outcome.ts';
import { StepRunner } from './run-steps.ts';

const CONFIG = `
kind: ServiceEntry
metadata: {name: echo}
spec:
  hosts: [echo]
  addresses: [127.9.0.30]
  resolution: STATIC
  ports: [{number: 9000, name: tcp, protocol: TCP}]
  endpoints: [{address: 127.0.1.93, labels: {version: one}}]
`;
const OVER = { status: 0, flags: '-', details: null, cluster: 'echo', route: null, to: '127.0.1.93:9000' };
const REFUSED = { ...OVER, flags: 'UH', cluster: null, to: null };

let backends: BackendSet;
let book: CallBook;
let dials: Dial[];
const documents: Document[] = readDocuments([{ file: 'x', text: CONFIG }]);

beforeEach(async () => {
  dials = [];
  book = new CallBook();
  backends = await BackendSet.start(readCase('{}', 'topic', 'slug'), documents, book);
});

afterEach(() => backends.close());

// A mesh that knows one service and refuses everything else.
function meshOf(ended: EndedConnections, logLines: string[]): Pick<MeshUnderTest, 'connect' | 'ended' | 'logLines'> {
  const over = (flags: string, endpoint: string | null, { servername }: Dial): void => {
    ended.add({ flags, details: null, cluster: endpoint === null ? null : 'echo', route: null, endpoint, ...(servername !== undefined && { sni: servername }) });
    logLines.push('[now] "- - -" 0');
  };
  return {
    ended,
    logLines,
    connect: (dial) =>
      new Promise((resolve, reject) => {
        dials.push(dial);
        if (dial.host !== 'echo') {
          over('UH', null, dial);
          resolve(undefined);
          return;
        }
        backends.connect('127.0.1.93', 9000, (error, socket) => {
          if (socket === undefined) return reject(error ?? new Error('no socket'));
          socket.once('close', () => over('-', '127.0.1.93:9000', dial));
          resolve(socket);
        });
      }),
  };
}

async function run(text: string): Promise<Observation[]> {
  const conformanceCase: ConformanceCase = readCase(text, 'topic', 'slug');
  const mesh = meshOf(new EndedConnections(), []) as MeshUnderTest;
  const runner = new StepRunner({ conformanceCase, documents, mesh, book, proxyIp: '127.0.9.200' });
  const seen: Observation[] = [];
  for (const step of conformanceCase.steps) seen.push(await runner.run(step));
  return seen;
}

describe('tcp steps', () => {
  it('observe the reply and what the proxy logged', async () => {
    expect(await run('steps: [{tcp: {host: echo, port: 9000, send: hello}}, {tcp: {host: other, port: 9000, send: hello}}]')).toEqual([
      { reply: 'one hello', proxies: { client: [OVER] } },
      { error: 'closed', proxies: { client: [REFUSED] } },
    ]);
  });

  it('pass on the dialled address only where calls are captured', async () => {
    const step = 'steps: [{tcp: {host: echo, port: 9000, send: hello}}]';
    await run(step);
    await run(`capture: true\n${step}`);

    expect(dials.map(({ originalDst }) => originalDst)).toEqual([null, '127.9.0.30:9000']);
  });

  it('are tallied', async () => {
    expect(await run('steps: [{tcp: {host: echo, port: 9000, send: hello}, times: 5, concurrency: 2}]')).toEqual([
      { times: 5, replies: { one: 5 }, cluster: { client: { echo: 5 } } },
    ]);
    expect(await run('steps: [{tcp: {host: other, port: 9000, send: hello}, times: 2}]')).toEqual([
      { times: 2, replies: { closed: 2 }, cluster: { client: { null: 2 } } },
    ]);
  });

  it('run side by side, with the log entries in order of ending', async () => {
    const [together] = await run(`
steps:
- together:
  - {tcp: {host: echo, port: 9000, send: a, hold: 100ms}}
  - {after: 30ms, tcp: {host: other, port: 9000, send: b}}
`);

    expect(together).toEqual({ together: [{ reply: 'one a', open: true }, { error: 'closed' }], proxies: { client: [REFUSED, OVER] } });
  });

  it('have their log lines where the case asks for them', async () => {
    expect(await run('{accessLog: true, steps: [{tcp: {host: echo, port: 9000, send: a}}]}')).toMatchObject([{ log: { client: ['[<time>] "- - -" 0'] } }]);
  });
});

describe('tls steps', () => {
  it('observe the answer, what the server saw, and what the proxy logged', async () => {
    expect(await run('steps: [{tls: {host: echo, port: 9000, path: /x, sni: a.example.com}}, {tls: {host: other, port: 443}}]')).toEqual([
      {
        status: 200,
        attempts: [{ to: '127.0.1.93:9000', tls: { sni: 'a.example.com', alpn: null }, path: '/x', host: 'echo:9000' }],
        proxies: { client: [{ ...OVER, sni: 'a.example.com' }] },
      },
      { status: 0, error: 'closed', attempts: [], proxies: { client: [{ ...REFUSED, sni: 'other' }] } },
    ]);
  });

  it('name no server where there is no name', async () => {
    expect(await run('steps: [{tls: {host: echo, port: 9000, sni: ""}}]')).toMatchObject([{ status: 200, attempts: [{ tls: { sni: null } }], proxies: { client: [OVER] } }]);
    expect(dials[0]).not.toHaveProperty('servername');
  });

  it('are tallied', async () => {
    expect(await run('steps: [{tls: {host: echo, port: 9000}, times: 3}]')).toEqual([
      { times: 3, status: { 200: 3 }, to: { '127.0.1.93:9000': 3 }, cluster: { client: { echo: 3 } } },
    ]);
  });

  it('run side by side', async () => {
    const [together] = await run('steps: [{together: [{tls: {host: echo, port: 9000}}, {after: 30ms, tcp: {host: echo, port: 9000, send: a, hold: 300ms}}]}]');

    expect(together).toMatchObject({ together: [{ status: 200 }, { reply: 'one a', open: true }], proxies: { client: [{ sni: 'echo' }, OVER] } });
  });
});
