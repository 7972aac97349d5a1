import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCases } from '../conformance/case/read-case.ts';
import { SUITE } from '../conformance/suite-paths.ts';
import { contradictions } from './agreement.ts';
import { compilationDifferences, compiledBy } from './compiled.ts';
import { answer } from './model/model.ts';
import { recordedCalls, recordedWorld } from './recordings.ts';

// The model stands for Istio in the test beside this one, so first it must agree with what real Istio did.

/** What the model leaves out on purpose. */
const NOT_MODELLED: Readonly<Record<string, string>> = {
  'errors/grpc-local-replies': 'gRPC',
  'faults/grpc-abort': 'gRPC',
  'gateways/egress-http-two-hops': 'a gateway on the way',
  'retries/request-headers': 'x-envoy-* headers of the caller are stripped',
  'timeouts/request-headers': 'x-envoy-* headers of the caller are stripped',
  'serviceentry/workload-entries': 'WorkloadEntry',
  'serviceentry/same-host-two-entries': 'one host in two ServiceEntries of a namespace',
  'lb/locality-distribute': 'localities',
};

const TLS_TOPICS = ['mtls', 'tls'];

const cases = listCases(SUITE.cases).filter(({ topic, slug }) => !TLS_TOPICS.includes(topic) && NOT_MODELLED[`${topic}/${slug}`] === undefined);
const topics = [...new Set(cases.map(({ topic }) => topic))];

let asked = 0;

describe.each(topics)('the reference model and the recordings of %s', (topic) => {
  it.each(cases.filter((listed) => listed.topic === topic).map(({ slug }) => slug))('%s', (slug) => {
    const calls = recordedCalls(topic, slug);
    asked += calls.length;
    const found = calls.flatMap((recorded) => contradictions(answer(recorded.world, recorded.call, recorded.probe), recorded).map((line) => `${recorded.title}\n    ${line}`));
    const compiled = compiledBy(topic, slug);
    if (compiled !== undefined) found.push(...compilationDifferences(recordedWorld(topic, slug), compiled));

    expect(found).toEqual([]);
  });
});

describe('the reference model', () => {
  it('was asked about every recorded call', () => {
    expect(asked).toBeGreaterThan(1500);
  });

  it('leaves nothing out that it could tell', () => {
    const agreeing = Object.keys(NOT_MODELLED).filter((name) => {
      const [topic = '', slug = ''] = name.split('/');
      const compiled = compiledBy(topic, slug);
      const found = recordedCalls(topic, slug).flatMap((recorded) => contradictions(answer(recorded.world, recorded.call, recorded.probe), recorded));
      return found.length === 0 && (compiled === undefined || compilationDifferences(recordedWorld(topic, slug), compiled).length === 0);
    });

    expect(agreeing).toEqual([]);
  });

  it('imports nothing but itself, so that it can not repeat a mistake of the code it judges', () => {
    const folder = join(import.meta.dirname, 'model');
    const imports = readdirSync(folder).flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/\bfrom\s+'([^']+)'|\bimport\s*\(?\s*'([^']+)'/g)].map(([, a, b]) => `${file}: ${a ?? b ?? ''}`));

    expect(imports.length).toBeGreaterThan(20);
    expect(imports.filter((line) => !/: \.\/[a-z-]+\.ts$/.test(line))).toEqual([]);
  });
});
