import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { dialledIp } from '../conformance/case/dialled-address.ts';
import { caseTexts, readDocuments } from '../conformance/case/documents.ts';
import { loadCase } from '../conformance/case/read-case.ts';
import { SUITE } from '../conformance/suite-paths.ts';
import type { CallerRequest, HeaderLine } from './model/requests.ts';
import type { Probe } from './model/model.ts';
import type { MeshConfig, Resource, World } from './model/resources.ts';

/** One recorded call, with what real Istio did. */
export interface RecordedCall {
  readonly title: string;
  readonly world: World;
  readonly call: CallerRequest;
  /** What the endpoint answered. */
  readonly probe: Probe;
  readonly observed: Observation;
}

export interface Observation {
  readonly status?: number | Readonly<Record<string, number>>;
  readonly details?: string | null;
  readonly cluster?: string | null | Readonly<Record<string, number>>;
  readonly route?: string | null | Readonly<Record<string, number>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly attempts?: readonly { readonly to: string; readonly method: string; readonly path: string; readonly host: string; readonly headers: Readonly<Record<string, string>> }[];
}

interface RecordedRequest {
  readonly url: string;
  readonly method?: string;
  readonly rawPath?: string;
  readonly headers?: Readonly<Record<string, string | number | readonly string[]>>;
  readonly plan?: string;
  readonly dst?: string;
  readonly via?: string;
}

// Cases share worlds; reading them anew each time takes longer than all calls together.
const resourcesOfText = new Map<string, readonly Resource[]>();

function resourcesIn(text: string): readonly Resource[] {
  const known = resourcesOfText.get(text) ?? parseAllDocuments(text).map((document) => document.toJS() as Resource | null).filter((body): body is Resource => body?.kind !== undefined);
  resourcesOfText.set(text, known);
  return known;
}

/** The configuration of a case, and who calls. */
export function recordedWorld(topic: string, slug: string): World {
  const read = loadCase(SUITE.cases, topic, slug);
  return {
    resources: caseTexts(read, SUITE.worlds).flatMap(({ text }) => resourcesIn(text)).map(inOrder),
    mesh: (read.mesh ?? {}) as MeshConfig,
    caller: { namespace: read.client.namespace, labels: read.client.labels },
  };
}

/** The HTTP calls of a case, those that a gateway or HTTP/2 takes part in left out. */
export function recordedCalls(topic: string, slug: string): RecordedCall[] {
  const read = loadCase(SUITE.cases, topic, slug);
  const file = parse(readFileSync(join(SUITE.cases, topic, `${slug}.yaml`), 'utf8')) as { steps: readonly Readonly<Record<string, unknown>>[] };
  const world = recordedWorld(topic, slug);
  const expected = JSON.parse(readFileSync(join(SUITE.expected, topic, `${slug}.json`), 'utf8')) as { steps: readonly unknown[] };
  const documents = read.capture ? readDocuments(caseTexts(read, SUITE.worlds)) : [];
  const calls = file.steps.flatMap((step, index) => together(step, expected.steps[index]));
  return calls.map(({ request, observed }, index) => {
    const url = new URL(request.url);
    const own = Object.entries(request.headers ?? {});
    const dialled = read.capture ? dialledIp(url.hostname, read, documents) : undefined;
    return {
      title: `${topic}/${slug} call ${String(index + 1)}: ${request.method ?? 'GET'} ${request.url} ${request.rawPath ?? ''}`,
      world,
      call: {
        method: request.method ?? 'GET',
        authority: String(own.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? url.host),
        port: Number(url.port === '' ? 80 : url.port),
        path: request.rawPath ?? request.url.replace(/^[a-z]+:\/\/[^/?]*/, ''),
        headers: own.filter(([name]) => name.toLowerCase() !== 'host').flatMap(([name, values]) => [values].flat().map((value): HeaderLine => [name.toLowerCase(), String(value).trim()])),
        ...(dialled === undefined ? {} : { dialled }),
      },
      probe: probeOf(request.plan ?? '200', observed.attempts?.length ?? 1),
      observed,
    };
  });
}

// Creation order is document order.
function inOrder(resource: Resource, index: number): Resource {
  const { metadata } = resource;
  return { ...resource, metadata: { ...metadata, creationTimestamp: new Date(1e12 + index * 1000).toISOString() } };
}

function together(step: Readonly<Record<string, unknown>>, observed: unknown): { request: RecordedRequest; observed: Observation }[] {
  if (Array.isArray(step['together'])) {
    const parts = Array.isArray(observed) ? observed : ((observed as { together?: unknown[] }).together ?? []);
    return (step['together'] as Readonly<Record<string, unknown>>[]).flatMap((item, index) => together(item, parts[index]));
  }
  const request = step['request'] as (RecordedRequest & { http2?: boolean; grpc?: boolean }) | undefined;
  if (request === undefined || request.via !== undefined || request.http2 === true || request.grpc === true || observed === undefined) return [];
  return [{ request, observed: observed as Observation }];
}

/** The last answer of a plan such as `503,200{x-a=1}` that `attempts` arrivals got to. */
function probeOf(plan: string, attempts: number): Probe {
  const items = (plan.split('|').at(-1) ?? '').split(/,(?![^{]*\})/);
  const item = items[Math.min(Math.max(attempts, 1), items.length) - 1] ?? '200';
  const [, status = '200'] = /^(\d+)/.exec(item) ?? [];
  const [, list = ''] = /\{(.*)\}/.exec(item) ?? [];
  const given = list.split(';').filter((entry) => entry !== '').map((entry): HeaderLine => [entry.slice(0, entry.indexOf('=')).toLowerCase(), entry.slice(entry.indexOf('=') + 1)]);
  const plain: HeaderLine[] = given.some(([name]) => name === 'content-type') ? [] : [['content-type', 'text/plain']];
  return { status: Number(status), headers: [...plain, ...given] };
}
