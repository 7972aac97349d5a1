import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMesh, type Mesh } from '../../src/index.ts';
import { hostileHeaders, hostilePath, LINE_END } from './support/hostile-requests.ts';
import { hostileString } from './support/hostile-values.ts';

const RULES = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec: {hosts: [a.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.com]
  http:
  - match: [{uri: {prefix: /redirect}}]
    redirect: {authority: b.com}
  - directResponse: {status: 200}
    headers: {response: {set: {x-echo: "%REQ(x)%%REQ(:path)%", x-host: "%REQ(:authority)%"}}}
`;

/** Spellings of one host, and what is no URL at all. */
const url = fc.oneof(
  { weight: 4, arbitrary: hostilePath.map((path) => `http://a.com${path}`) },
  { weight: 2, arbitrary: fc.constantFrom('http://a.com', 'HTTP://A.com:80/x', 'http://a.com:99999/', 'http://[::1', 'http://u:p@a.com/', 'http://a.com\\@b/', 'http:\\\\a.com\\x', 'http:a.com', '//a.com/', '/x', '', ' http://a.com/ ', 'http://a.com/\r\n/x', 'ht\ntp://a.com/', 'javascript:alert(1)', 'http://%61.com/', 'http://a.com:80:80/', 'http://a..com', 'http:///a.com', 'http://a.com?x#y', 'http://a\0.com/') },
  { weight: 1, arbitrary: hostileString },
);

const method = fc.oneof(fc.constantFrom('GET', 'POST', 'get', 'OPTIONS', 'TRACE', 'CONNECT', 'GE T', 'GET\r\nx: y', ''), hostileString);

describe('hostile calls', () => {
  let mesh: Mesh;
  beforeAll(async () => {
    // Nothing may leave the process.
    const nowhere = (): Promise<never> => Promise.reject(new Error('there is no network'));
    mesh = await createMesh({ config: { text: RULES, file: 'rules.yaml' }, lookup: nowhere, connect: (_, callback) => queueMicrotask(() => callback(new Error('there is no network'))) });
  });
  afterAll(() => mesh.close());

  it('are refused by fetch just as the real one refuses them, and answered with whole lines else', async () => {
    await fc.assert(
      fc.asyncProperty(url, method, hostileHeaders, async (input, verb, lines, ) => {
        const headers = pairs(lines);
        const asked = attempt(() => new Request(input, { method: verb, headers }));
        const answer = await mesh.fetch(input, { method: verb, headers, redirect: 'manual' }).catch((error: unknown) => error);
        if (asked === undefined) {
          expect(answer).toBeInstanceOf(TypeError);
        } else if (new URL(asked.url).host === 'a.com') {
          expect(answer).toBeInstanceOf(Response);
          for (const text of [...(answer as Response).headers].flat()) expect(text).not.toMatch(LINE_END);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('are refused or answered by request, never with forged lines', async () => {
    await fc.assert(
      fc.asyncProperty(hostilePath, method, hostileHeaders, async (path, verb, lines) => {
        const call = mesh.dispatcher.request({ origin: 'http://a.com', path, method: verb as 'GET', headers: lines });
        const answer = await call.catch((error: unknown) => error);
        if (answer instanceof Error) return;
        const { headers, body } = answer as Awaited<typeof call>;
        await body.dump();
        for (const text of Object.entries(headers).flat(2)) expect(text).not.toMatch(LINE_END);
      }),
      { numRuns: 400 },
    );
  });
});

function pairs(lines: readonly string[]): [string, string][] {
  return Array.from({ length: lines.length / 2 }, (_, i) => [lines[2 * i]!, lines[2 * i + 1]!]);
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
