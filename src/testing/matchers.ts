import { checkCalled, checkCovered, checkRoute, checkSplit, type CalledPattern, type Checked, type CoverageTarget } from './checks.ts';
import type { CoverageReport, RouteCoverage } from './coverage.ts';
import type { RouteRequestInput } from './route-request.ts';
import type { TestMesh } from './test-mesh.ts';

/**
 * Matchers for Vitest and Jest: `expect.extend(meshMatchers)`. {@link MeshMatchers} are their types. Failures show the explanation of the call,
 * with file and line of each rule, and the seed.
 */
export const meshMatchers = {
  /** Every such request goes there. */
  toRoute: (mesh: TestMesh, request: RouteRequestInput, expected: string): Checked => checkRoute(mesh, request, expected),
  /** Such requests are split so. */
  toSplit: (mesh: TestMesh, request: RouteRequestInput, shares: Readonly<Record<string, number>>): Checked => checkSplit(mesh, request, shares),
  /** Such calls arrived. */
  toHaveCalled: (mesh: TestMesh, service: string, pattern?: CalledPattern): Checked => checkCalled(mesh, service, pattern),
  /** Enough of the rules was reached. */
  toBeCovered: (of: TestMesh | RouteCoverage | CoverageReport, target?: CoverageTarget): Checked => checkCovered(of, target),
};

/**
 * The types of {@link meshMatchers}, for a project to add to those of its test runner, whose documentation of `expect.extend` says how: an
 * interface `Matchers` that extends this one.
 *
 * @typeParam R - what a matcher gives, in the runner's words
 */
export interface MeshMatchers<R = unknown> {
  /** Every such request goes to a service (`reviews`), or one subset of it (`reviews/v2`). */
  toRoute(request: RouteRequestInput, expected: string): R;
  /** Such requests are split so, exactly and by the rule: `{ v1: 0.9, v2: 0.1 }`. */
  toSplit(request: RouteRequestInput, shares: Readonly<Record<string, number>>): R;
  /** Calls of that kind arrived at a service; each try and each mirrored copy counts. */
  toHaveCalled(service: string, pattern?: CalledPattern): R;
  /** Enough of the rules was reached; default: all. */
  toBeCovered(target?: CoverageTarget): R;
}
