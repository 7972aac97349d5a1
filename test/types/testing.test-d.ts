// Checked by the compiler (`npm run typecheck`), never run.
import { expectTypeOf } from 'vitest';
import type { Mesh } from '../../src/index.ts';
import {
  assertCalled, assertCovered, assertRoute, assertSplit, createTestMesh, RouteCoverage, simulate,
  type meshMatchers, type CallRecord, type CoverageReport, type DurationInput, type MeshMatchers, type ServiceHandler, type SimulationReport, type TestClock, type TestFault, type TestMesh,
} from '../../src/testing/index.ts';

// A test mesh goes wherever a mesh goes.
const mesh = await createTestMesh('mesh/');
expectTypeOf(mesh).toEqualTypeOf<TestMesh>();
expectTypeOf(mesh).toExtend<Mesh>();
expectTypeOf(mesh.fetch).toEqualTypeOf<typeof fetch>();
expectTypeOf(mesh.clock).toEqualTypeOf<TestClock>();
expectTypeOf(mesh.calls.for('reviews')).toEqualTypeOf<CallRecord[]>();
expectTypeOf(mesh.calls[0]).toEqualTypeOf<CallRecord | undefined>();
expectTypeOf(mesh.coverage()).toEqualTypeOf<CoverageReport>();

// All that may come first.
void createTestMesh();
void createTestMesh({ text: 'kind: Service', file: 'a.yaml' }, { clock: 'manual' });
void createTestMesh(['mesh/', { kind: 'Service', metadata: { name: 'a' } }]);
void createTestMesh({ config: 'mesh/', services: { reviews: () => ({ json: [] }) }, seed: 1, coverage: new RouteCoverage() });
// @ts-expect-error: its clock is its own
void createTestMesh('mesh/', { clock: { now: () => 0 } });
// @ts-expect-error: so are its transports
void createTestMesh('mesh/', { transport: () => undefined });

// Handlers give what is at hand.
const handlers: readonly ServiceHandler[] = [
  () => {},
  () => undefined,
  () => 'hang',
  async (request) => (request.path === '/' ? 'reset' : {}),
  () => new Response('text'),
  (request, at) => ({ status: 200, body: request.body, delay: '20ms', headers: { 'x-subset': at.subset, 'set-cookie': ['a=1', 'b=2'] } }),
  async (_, at) => {
    await at.sleep('1s');
    return { json: at.random() };
  },
];
void handlers;
// @ts-expect-error: a status is a number
const wrong: ServiceHandler = () => ({ status: '200' });
void wrong;

// Faults.
expectTypeOf(mesh.fault('ratings', { delay: '7s', headers: { 'x-user': /^a/ }, nth: 3 })).toEqualTypeOf<Disposable>();
expectTypeOf<TestFault['delay']>().toEqualTypeOf<DurationInput | undefined>();
// @ts-expect-error: a misspelt field
mesh.fault('ratings', { delays: '7s' });

// Assertions and matchers.
expectTypeOf(assertRoute).parameters.toExtend<readonly unknown[]>();
assertRoute(mesh, '/reviews/0', 'reviews/v2');
assertSplit(mesh, { service: 'reviews', headers: { 'end-user': undefined } }, { v1: 1 });
assertCalled(mesh, 'ratings', { times: 1, path: /x/ });
assertCovered(mesh.coverage(), { atLeast: 0.9 });
// @ts-expect-error: shares are numbers
assertSplit(mesh, '/', { v1: '90%' });
expectTypeOf<keyof typeof meshMatchers>().toEqualTypeOf<keyof MeshMatchers>();
expectTypeOf<MeshMatchers<void>['toRoute']>().returns.toBeVoid();

expectTypeOf(simulate('mesh/', { rps: 1, for: '10m', request: (number, random) => ({ url: 'http://reviews/', path: `/${number}/${random()}` }) })).resolves.toEqualTypeOf<SimulationReport>();
// @ts-expect-error: what is asked has to be said
void simulate('mesh/', { rps: 1, for: '10m' });
