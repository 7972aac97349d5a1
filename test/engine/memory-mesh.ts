import { createMesh, type Mesh, type MeshOptions } from '../../src/index.ts';
import { MemoryService, VirtualClock, type ServiceAnswer, type ServiceRequest } from '../../src/testing/index.ts';

/** A mesh on virtual time whose endpoints are services in this process. */
export interface MemoryMesh {
  readonly mesh: Mesh;
  readonly clock: VirtualClock;
  /** By endpoint address, `10.0.0.1:9080`. */
  readonly services: Readonly<Record<string, MemoryService>>;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

type Behaviour = (request: ServiceRequest) => ServiceAnswer | Promise<ServiceAnswer>;

/** `reviews` with an endpoint for each version, `10.0.0.1:9080` for v1 and so on. */
export const REVIEWS = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints:
  - {address: 10.0.0.1, labels: {version: v1}}
  - {address: 10.0.0.2, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
`;

/** A VirtualService for `reviews` with these rules, indented as under `http:`. */
export function reviewsRules(http: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
${http.replace(/^\n/, '')}`;
}

/** `reviews` under one DestinationRule's `trafficPolicy`, given as flow YAML. */
export function reviewsPolicy(trafficPolicy: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: ${trafficPolicy}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
`;
}

export async function memoryMesh(config: readonly string[], behaviours: Record<string, Behaviour> = {}, options: MeshOptions = {}): Promise<MemoryMesh> {
  const clock = new VirtualClock();
  const services: Record<string, MemoryService> = {};
  const mesh = await createMesh({
    config: config.join('\n---\n'),
    clock,
    seed: 7,
    transport: ({ address, port }) => (services[`${address}:${port}`] ??= new MemoryService(behaviours[`${address}:${port}`])),
    ...options,
  });
  for (const address of Object.keys(behaviours)) services[address] ??= new MemoryService(behaviours[address]);
  const get = async (url: string, headers: Record<string, string> = {}): Promise<Answer> => {
    const response = await mesh.request(url, { headers });
    return { status: response.statusCode, headers: response.headers, body: await response.body.text() };
  };
  return { mesh, clock, services, get };
}

/** What a promise came to so far, without waiting for it. */
export function watch<T>(promise: Promise<T>): { readonly settled: boolean; readonly value: T | undefined } {
  const state: { settled: boolean; value: T | undefined } = { settled: false, value: undefined };
  promise.then(
    (value) => Object.assign(state, { settled: true, value }),
    () => Object.assign(state, { settled: true }),
  );
  return state;
}
