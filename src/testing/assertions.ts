import { AssertionError } from 'node:assert';
import { checkCalled, checkCovered, checkRoute, checkSplit, type CalledPattern, type Checked, type CoverageTarget } from './checks.ts';
import type { CoverageReport, RouteCoverage } from './coverage.ts';
import type { RouteRequestInput } from './route-request.ts';
import type { TestMesh } from './test-mesh.ts';

/**
 * Every such request goes to `expected`: a service (`reviews`), or one subset of it (`reviews/v2`). For `node:test` and whatever has no matchers.
 *
 * @throws {AssertionError} with the explanation of the call, as all of these do
 */
export function assertRoute(mesh: TestMesh, request: RouteRequestInput, expected: string): void {
  assertChecked(checkRoute(mesh, request, expected), assertRoute);
}

/** Such requests are split so, exactly and by the rule: `{ v1: 0.9, v2: 0.1 }`. */
export function assertSplit(mesh: TestMesh, request: RouteRequestInput, shares: Readonly<Record<string, number>>): void {
  assertChecked(checkSplit(mesh, request, shares), assertSplit);
}

/** Calls like `pattern` arrived at `service`; each try and each mirrored copy counts. */
export function assertCalled(mesh: TestMesh, service: string, pattern?: CalledPattern): void {
  assertChecked(checkCalled(mesh, service, pattern), assertCalled);
}

/** Enough of the rules was reached; default: all. */
export function assertCovered(of: TestMesh | RouteCoverage | CoverageReport, target?: CoverageTarget): void {
  assertChecked(checkCovered(of, target), assertCovered);
}

function assertChecked({ pass, message }: Checked, by: (...args: never[]) => void): void {
  if (!pass) throw new AssertionError({ message: message(), stackStartFn: by });
}
