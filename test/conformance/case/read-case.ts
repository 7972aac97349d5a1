import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { BackendSpec, CaseClient, ConformanceCase, GatewaySpec } from './case-file.ts';
import { Fields } from './fields.ts';
import { readStep } from './read-step.ts';

/** Every `TOPIC/SLUG` under `folder`, in order of name. */
export function listCases(folder: string): { topic: string; slug: string }[] {
  const topics = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return topics
    .flatMap(({ name: topic }) =>
      readdirSync(join(folder, topic))
        .filter((file) => file.endsWith('.yaml'))
        .map((file) => ({ topic, slug: file.slice(0, -'.yaml'.length) })),
    )
    .sort((a, b) => (`${a.topic}/${a.slug}` < `${b.topic}/${b.slug}` ? -1 : 1));
}

/** @throws when the file is no case: a bad suite must not look like a bad mesh. */
export function loadCase(folder: string, topic: string, slug: string): ConformanceCase {
  return readCase(readFileSync(join(folder, topic, `${slug}.yaml`), 'utf8'), topic, slug);
}

/** A case from the text of its file. */
export function readCase(text: string, topic: string, slug: string): ConformanceCase {
  const file = new Fields(parse(text), `${topic}/${slug}`);
  const notYet = new Set<string>();
  const read = {
    topic,
    slug,
    about: file.text('about') ?? '',
    worlds: file.texts('world'),
    config: file.text('config') ?? '',
    mesh: file.raw('mesh'),
    client: readClient(file.fields('client')),
    gateways: file.fields('gateways').entries().map(([name, spec]) => readGateway(name, new Fields(spec, `${topic}/${slug}.gateways.${name}`), notYet)),
    backends: file.list('backends').map((entry, i) => readBackend(new Fields(entry, `${topic}/${slug}.backends[${i}]`), notYet)),
    down: file.texts('down'),
    capture: file.flag('capture'),
    dns: new Map(file.fields('dns').entries().map(([host, to]) => [host, (Array.isArray(to) ? to : [to]).map(String)])),
    accessLog: file.flag('accessLog'),
    steps: file.list('steps').map((entry, i) => readStep(new Fields(entry, `${topic}/${slug}.steps[${i}]`), notYet)),
  };
  file.text('source');
  for (const name of file.unknown()) notYet.add(name);
  return { ...read, notYet: [...notYet] };
}

function readClient(client: Fields): CaseClient {
  return {
    namespace: client.text('namespace') ?? 'default',
    labels: (client.raw('labels') ?? {}) as Record<string, string>,
    locality: client.text('locality'),
  };
}

function readGateway(name: string, gateway: Fields, notYet: Set<string>): GatewaySpec {
  const spec: GatewaySpec = {
    name,
    ip: gateway.text('ip') ?? '',
    namespace: gateway.text('namespace') ?? 'istio-system',
    labels: (gateway.raw('labels') ?? {}) as Record<string, string>,
  };
  for (const field of gateway.unknown()) notYet.add(`gateways.${field}`);
  return spec;
}

function readBackend(backend: Fields, notYet: Set<string>): BackendSpec {
  const spec: BackendSpec = {
    address: backend.text('address') ?? '',
    protocol: backend.text('protocol'),
    clientCert: backend.text('clientCert') as BackendSpec['clientCert'],
    http2: backend.flag('http2'),
    silent: backend.flag('silent'),
  };
  for (const name of backend.unknown()) notYet.add(`backends.${name}`);
  return spec;
}
