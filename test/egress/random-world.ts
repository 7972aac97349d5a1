import fc from 'fast-check';
import { expect } from 'vitest';
import { createMesh } from '../../src/index.ts';

const entry = (name: string, spec: string): string => `{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: ${name}}, spec: {${spec}}}\n---\n`;
/** Services of every kind, and a rule that mixes them, under REGISTRY_ONLY. */
export const CONFIG = `${[
  entry('fixed', 'hosts: [fixed.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}, {number: 5000, name: tcp, protocol: TCP}], endpoints: [{address: 10.0.0.1}]'),
  entry('free', 'hosts: [free.test, "*.free.test"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}, {number: 6400, name: tcp, protocol: TCP}]'),
  entry('range', 'hosts: [range.test], resolution: NONE, addresses: [10.7.0.0/16], ports: [{number: 443, name: tls, protocol: TLS}, {number: 7000, name: tcp, protocol: TCP}]'),
].join('')}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ghost}
spec:
  hosts: [ghost.test, fixed.test]
  http: [{match: [{uri: {prefix: /free}}], route: [{destination: {host: free.test}}]}, {route: [{destination: {host: fixed.test}}]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
`;

/** The second address is what another look-up of the same name gives. */
export const DNS: Readonly<Record<string, readonly string[]>> = { 'in.test': ['10.7.0.5', '6.6.6.6'], 'fixed.test': ['6.6.6.6'], 'free.test': ['6.6.6.6'], 'out.test': ['6.6.6.6', '10.7.0.5'] };

/** Whether the registry above allows a socket to `address`; told without the mesh's own tables. */
export function mayOpen(address: string, port: number): boolean {
  const host = address.toLowerCase().replace(/\.$/, '');
  if (host === '10.0.0.1') return true;
  if (host === 'free.test' || host.endsWith('.free.test')) return [80, 443, 6400].includes(port);
  if (host === 'range.test') return [443, 7000].includes(port);
  return host.startsWith('10.7.') && [443, 7000].includes(port);
}

/** Names and addresses within and without. */
export const host = fc.constantFrom('fixed.test', 'free.test', 'a.free.test', 'FREE.test.', 'range.test', 'ghost.test', 'in.test', 'out.test', 'evilfree.test', 'free.test.evil.test', '10.0.0.1', '10.7.0.5', '10.8.0.5', '6.6.6.6', '[::ffff:10.7.0.5]', '2130706433');
export const port = fc.constantFrom(80, 443, 5000, 6400, 7000, 9999);

/** What a mesh with that registry opens; each opening fails. */
export async function openRandomWorld() {
  const opened: [string, number][] = [];
  const looked = new Map<string, number>();
  const mesh = await createMesh({
    config: CONFIG,
    connect: ({ address, port: to }, callback) => {
      opened.push([address, to]);
      callback(new Error('the end of the test'));
    },
    lookup: (name) => {
      const answers = DNS[name.toLowerCase()] ?? ['6.6.6.6'];
      const turn = looked.get(name) ?? 0;
      looked.set(name, turn + 1);
      return Promise.resolve([answers[Math.min(turn, answers.length - 1)]!]);
    },
  });
  let sockets = 0;
  return {
    mesh,
    /** How many were opened in all. */
    total: () => sockets,
    /** Lets `attempt` try, and fails if something was opened that must not be. */
    async attempt(attempt: () => Promise<unknown>): Promise<void> {
      opened.length = 0;
      looked.clear();
      await attempt().catch(() => {});
      sockets += opened.length;
      for (const [address, asked] of opened) expect([address, asked, mayOpen(address, asked)]).toEqual([address, asked, true]);
    },
  };
}
