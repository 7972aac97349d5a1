import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDocuments } from '../case/documents.ts';
import { readCase } from '../case/read-case.ts';
import { BackendSet } from './backend-set.ts';
import { CallBook } from './call-book.ts';

const CONFIG = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: solo}
spec:
  hosts: [solo]
  resolution: STATIC
  ports: [{number: 8080, name: http}, {number: 8081, name: other, targetPort: 9000}]
  endpoints: [{address: 127.0.2.51, labels: {version: v1}, ports: {http: 18080}}]
`;
const CASE = `{down: ["127.0.2.51:9000"], backends: [{address: "127.0.9.9:80", silent: true}, {address: "127.0.9.8:80"}, {address: "127.0.9.7:80", protocol: SNIFF}, {address: "127.0.9.6:80", http2: true}]}`;

let backends: BackendSet;

beforeEach(async () => {
  const conformanceCase = readCase(CASE, 'topic', 'slug');
  backends = await BackendSet.start(conformanceCase, readDocuments([{ file: 'x', text: CONFIG }]), new CallBook());
});

afterEach(() => backends.close());

function connected(ip: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('silence'), 60);
    backends.connect(ip, port, (error: NodeJS.ErrnoException | null, socket?: Socket) => resolve(error?.code ?? (socket === undefined ? 'nothing' : 'open')));
  });
}

describe('BackendSet', () => {
  it('starts a server for every endpoint and every backend that is neither down nor silent', () => {
    expect(backends.addresses).toEqual(['127.0.2.51:18080', '127.0.9.8:80', '127.0.9.7:80', '127.0.9.6:80']);
  });

  it.each([
    ['127.0.2.51', 18080, 'open'],
    ['127.0.9.8', 80, 'open'],
    ['127.0.2.51', 9000, 'ECONNREFUSED'],
    ['127.0.0.77', 80, 'ECONNREFUSED'],
    ['127.0.9.9', 80, 'silence'],
  ])('connects to %s:%i: %s', async (ip, port, outcome) => {
    expect(await connected(ip, port)).toBe(outcome);
  });

  it.each([
    ['127.0.9.8', /^HTTP\/1\.1 400 /],
    ['127.0.9.7', /^127\.0\.9\.7:80 hello\n$/],
    ['127.0.9.6', /^127\.0\.9\.6:80 hello\n$/],
  ])('lets %s speak what the case says', async (ip, answer) => {
    const socket = await new Promise<Socket | undefined>((resolve) => backends.connect(ip, 80, (_error, opened) => resolve(opened)));
    socket?.write('hello\n');

    expect(String(await new Promise((resolve) => socket?.once('data', resolve)))).toMatch(answer);
  });
});
