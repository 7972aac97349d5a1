import { MeshError } from '../common/errors.ts';
import type { DestinationExplanation, Explanation } from '../common/explanation.ts';
import type { CallPattern } from './call-log.ts';
import { formatCallRecord } from './call-record.ts';
import type { CoverageReport, RouteCoverage } from './coverage.ts';
import { plainRequest, type RouteRequestInput } from './route-request.ts';
import { clusterParts, isCalled, parseServiceName } from './service-names.ts';
import type { TestMesh } from './test-mesh.ts';

/** Whether something holds, and what to say when it was expected to, or not to. */
export interface Checked {
  readonly pass: boolean;
  /** For a failure of the assertion, or of its opposite. */
  message(): string;
}

/** How many calls a service got, and of what kind. */
export interface CalledPattern extends CallPattern {
  /** Exactly so many. Default: at least one. */
  readonly times?: number;
}

/** What rules that are reached have to come to. */
export interface CoverageTarget {
  /** From 0 to 1. Default 1: all. */
  readonly atLeast?: number;
}

/** Shares that differ by less are the same: weights are whole numbers, and their quotients are not. */
const EXACT = 1e-9;

/** Whether every such request goes to `expected`: a service (`reviews`) or one subset of it (`reviews/v2`). */
export function checkRoute(mesh: TestMesh, input: RouteRequestInput, expected: string): Checked {
  const { explanation, destinations } = destinationsOf(mesh, input, expected);
  const { service, subset } = parseServiceName(expected);
  const fits = ({ cluster, outcome }: DestinationExplanation): boolean => {
    const parts = clusterParts(cluster);
    return outcome === 'ok' && isCalled(parts.host, service, mesh.namespace) && (subset === undefined || parts.subset === subset);
  };
  const pass = destinations.length > 0 && destinations.every(fits);
  return { pass, message: () => told(mesh, `expected the request ${pass ? 'not ' : ''}to be routed to ${expected}`, String(explanation)) };
}

/** Whether such requests are split as `shares` says: `{ v1: 0.9, v2: 0.1 }` by subset, or `{ 'reviews/v1': 0.9, … }`. By the rule, not by drawing. */
export function checkSplit(mesh: TestMesh, input: RouteRequestInput, shares: Readonly<Record<string, number>>): Checked {
  const expectedNames = Object.keys(shares);
  const { explanation, destinations } = destinationsOf(mesh, input, expectedNames.find((name) => name.includes('/')));
  const actual = new Map<string, number>();
  for (const { cluster, share } of destinations) {
    const name = expectedNames.find((expected) => isDestination(mesh, cluster, expected)) ?? nameOf(cluster);
    actual.set(name, (actual.get(name) ?? 0) + share / 100);
  }
  const names = [...new Set([...expectedNames, ...actual.keys()])];
  const pass = destinations.length > 0 && names.every((name) => Math.abs((actual.get(name) ?? 0) - (shares[name] ?? 0)) < EXACT);
  const list = [...actual].map(([name, share]) => `${name} ${Number(share.toFixed(9))}`).join(', ') || 'nowhere';
  const wanted = Object.entries(shares).map(([name, share]) => `${name} ${share}`).join(', ');
  return { pass, message: () => told(mesh, `expected the request ${pass ? 'not ' : ''}to be split ${wanted}${pass ? '' : `, but it is ${list}`}`, String(explanation)) };
}

/** Whether calls like `pattern` arrived at `service` (`ratings`, `reviews/v2`): each try and each mirrored copy counts. */
export function checkCalled(mesh: TestMesh, service: string, { times, ...pattern }: CalledPattern = {}): Checked {
  assertAskable(mesh, 'calls');
  const count = mesh.calls.arrived(service, pattern).length;
  const pass = times === undefined ? count > 0 : count === times;
  const asked = Object.entries(pattern).map(([field, value]) => `${field} ${value instanceof RegExp || typeof value === 'string' ? String(value) : JSON.stringify(value)}`).join(', ');
  const wanted = `${service} ${pass ? 'not ' : ''}to have been called${times === undefined ? '' : ` ${timesOf(times)}`}${asked === '' ? '' : ` with ${asked}`}`;
  const calls = mesh.calls.map((record) => `  ${formatCallRecord(record)}`);
  return { pass, message: () => told(mesh, `expected ${wanted}${pass ? '' : `, but it was ${timesOf(count)}`}`, calls.length === 0 ? 'nothing was called' : `what was called:\n${calls.join('\n')}`) };
}

/** Whether tests reached enough of the rules. */
export function checkCovered(of: TestMesh | RouteCoverage | CoverageReport, { atLeast = 1 }: CoverageTarget = {}): Checked {
  assertAskable(of, 'coverage', 'report', 'share');
  const report: CoverageReport = 'coverage' in of ? of.coverage() : 'report' in of ? of.report() : of;
  const pass = report.share >= atLeast;
  return { pass, message: () => `expected the rules ${pass ? 'not ' : ''}to be covered by at least ${Math.round(atLeast * 1000) / 10} %\n\n${String(report)}` };
}

function destinationsOf(mesh: TestMesh, input: RouteRequestInput, expected: string | undefined): { explanation: Explanation; destinations: readonly DestinationExplanation[] } {
  assertAskable(mesh, 'calls');
  const { url, method, headers } = plainRequest(mesh, input, expected);
  const explanation = mesh.explain(url, { method, headers });
  return { explanation, destinations: explanation.kind === 'mesh' ? explanation.destinations.filter(({ share }) => share > 0) : [] };
}

/** @throws {MeshError} `ERR_INVALID_ARGUMENT` for what has none of `members`: a mesh of `createMesh`, or a promise that nobody awaited. */
function assertAskable(given: unknown, ...members: readonly string[]): void {
  if (typeof given === 'object' && given !== null && members.some((member) => member in given)) return;
  throw new MeshError('ERR_INVALID_ARGUMENT', `only what createTestMesh gives can be asked that, not ${inWords(given)}`);
}

function inWords(given: unknown): string {
  if (typeof given !== 'object' || given === null) return String(given);
  if ('then' in given) return 'a promise of it: `await createTestMesh(…)`';
  return 'snapshot' in given ? 'a mesh of createMesh: give the same `config` to createTestMesh' : 'another object';
}

function isDestination(mesh: TestMesh, cluster: string, expected: string): boolean {
  const { host, subset } = clusterParts(cluster);
  if (!expected.includes('/')) return subset === expected || (subset === '' && isCalled(host, expected, mesh.namespace));
  const name = parseServiceName(expected);
  return isCalled(host, name.service, mesh.namespace) && subset === name.subset;
}

function nameOf(cluster: string): string {
  const { host, subset } = clusterParts(cluster);
  return subset === '' ? host : `${host}/${subset}`;
}

function timesOf(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function told({ seed }: TestMesh, problem: string, why: string): string {
  return `${problem}\n\n${why}\n\n(seed ${seed}: createTestMesh(…, { seed: ${seed} }) makes the same run)`;
}
