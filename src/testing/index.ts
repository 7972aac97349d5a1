/**
 * Tests of rules, and of the code that calls services by them: a mesh with services in memory, virtual time, seeded chance and no network.
 *
 * @packageDocumentation
 */

// A mesh for tests.
export { createTestMesh, type TestMeshOptions } from './create-test-mesh.ts';
export { TestMesh } from './test-mesh.ts';
export type { DefaultAnswer, HandlerAnswer, ServedAt, ServiceHandler, ServiceHandlers, TestAnswer } from './service-handler.ts';
export type { TestFault } from './fault.ts';
export type { TestClock } from './test-clock.ts';
export type { DurationInput } from './duration-input.ts';

// What it tells.
export type { CallList, CallPattern } from './call-log.ts';
export { formatCallRecord, type CallRecord } from './call-record.ts';
export { formatCoverage, RouteCoverage, type CallOutcome, type CoveredRule, type CoverageReport } from './coverage.ts';
export { meshMatchers, type MeshMatchers } from './matchers.ts';
export { assertCalled, assertCovered, assertRoute, assertSplit } from './assertions.ts';
export type { CalledPattern, Checked, CoverageTarget } from './checks.ts';
export type { RouteRequest, RouteRequestInput } from './route-request.ts';

// Minutes of traffic.
export { simulate, type SimulationOptions } from './simulate.ts';
export type { SimulatedEjection, SimulationReport } from './simulation-report.ts';

// Its parts, for tests of another kind.
export { MemoryService, type ServiceAnswer, type ServiceRequest } from './memory-service.ts';
export { sequence } from './sequence.ts';
export { VirtualClock } from './virtual-clock.ts';
export { seededRandom, type Random } from '../common/random.ts';
export type { Clock, TimerHandle } from '../common/clock.ts';
