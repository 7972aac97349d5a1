import './native-first.ts';
import { expect } from 'vitest';
import { createMesh } from '../../../src/mesh.ts';
import { olderNode, underRules } from './known-differences.ts';
import { runDifferential } from './run-differential.ts';

// Rules that match every exchange: a service of the server's two names, with a route, a timeout, retries, limits and
// outlier detection, none of which has a reason to act.
const rules = (port: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: server, namespace: default }
spec:
  hosts: [localhost.default.svc.cluster.local]
  addresses: ["127.0.0.1"]
  ports: [{ number: ${port}, name: http, protocol: HTTP }]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1, labels: { version: v1 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: server, namespace: default }
spec:
  hosts: [localhost]
  http:
    - route: [{ destination: { host: localhost, subset: v1 } }]
      timeout: 30s
      retries: { attempts: 2, perTryTimeout: 20s, retryOn: "connect-failure,refused-stream" }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: server, namespace: default }
spec:
  host: localhost
  subsets: [{ name: v1, labels: { version: v1 } }]
  trafficPolicy:
    connectionPool: { tcp: { maxConnections: 10 }, http: { http1MaxPendingRequests: 10 } }
    outlierDetection: { consecutive5xxErrors: 50, interval: 10s, baseEjectionTime: 30s }
`;

runDifferential(
  async ({ port }) => {
    const mesh = await createMesh({ config: rules(port), tracing: false });
    const rulesMet = new Set<string>();
    mesh.on('call', ({ rule }) => rulesMet.add(rule.replace(/ \(.*/, '')));
    return {
      fetch: mesh.fetch,
      async close() {
        await mesh.close();
        // Every call that reached the mesh met the rule; none went past it unseen.
        expect([...rulesMet].filter((rule) => rule !== 'VirtualService default/server spec.http[0]')).toEqual([]);
      },
    };
  },
  {
    differs: { ...olderNode, ...underRules },
    requestHeader: (name) => name.startsWith('x-envoy-') || name.startsWith('x-forwarded-') || name === 'x-request-id',
    responseHeader: (name) => name.startsWith('x-envoy-') || name === 'server',
  },
);
