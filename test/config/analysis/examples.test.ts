import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../../src/config/analysis/analyze.ts';
import { readResources } from '../../../src/config/read-resources.ts';

const folder = new URL('../../../examples/', import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.yaml'))
  .sort();

/** What is really so in the examples, for the sake of showing it. */
const ON_PURPOSE: Readonly<Record<string, readonly string[]>> = {
  'express/mesh/ratings.yaml': ['info TSM0006 a fault delays by 7s 100 % of the calls that match'],
  'fastify/mesh/ratings.yaml': ['info TSM0006 a fault answers 503 to 100 % of the calls that match'],
  'seeds/bookinfo/virtual-service-ratings-test-abort.yaml': ['info TSM0006 a fault answers 500 to 10 % of the calls that match'],
  'seeds/bookinfo/virtual-service-ratings-test-delay.yaml': ['info TSM0006 a fault delays by 7s 10 % of the calls that match'],
  'seeds/kim/vs-cheng-abort.yaml': ['info TSM0006 a fault answers 500 to 100 % of the calls that match'],
  'seeds/kim/vs-cheng-delay.yaml': ['info TSM0006 a fault delays by 7s 100 % of the calls that match'],
  'seeds/kim/vs-uc-delay.yaml': ['warning TSM0006 a fault delays by 3s 100 % of all calls'],
};

function found(names: readonly string[], prefix: string): string[] {
  const inputs = names.map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));
  const { resources, issues } = readResources(inputs, { rules: 'analysis' });
  return analyze(resources, { issues })
    .filter(({ code }) => code.startsWith(prefix))
    .map(({ level, code, message }) => `${level} ${code} ${message}`);
}

describe('our findings in the examples', () => {
  it.each(files)('%s: none but what is so on purpose', (file) => {
    expect(found([file], 'TSM')).toEqual(ON_PURPOSE[file] ?? []);
  });

  it.each([
    ['seeds/kim', 'kim-shop/kim-shop.yaml'],
    ['seeds/bookinfo', 'bookinfo/bookinfo.yaml'],
  ])('no others in all of %s beside its services', (seeds, services) => {
    const together = found([services, ...files.filter((file) => file.startsWith(seeds))], 'TSM');
    expect(new Set(Object.values(ON_PURPOSE).flat())).toEqual(new Set([...Object.values(ON_PURPOSE).flat(), ...together]));
  });

  it.each([
    ['kim-shop/kim-shop.yaml', ['seeds/kim/kim-destination-rule-all.yaml', 'seeds/kim/virtual-service-all-v1.yaml']],
    ['bookinfo/bookinfo.yaml', ['seeds/bookinfo/destination-rule-all.yaml', 'seeds/bookinfo/virtual-service-reviews-80-20.yaml']],
  ])('%s fits its rules', (services, rules) => {
    // Istio counts Pods alone, and these have Deployments.
    expect(found([services, ...rules], '').filter((line) => !line.includes(' IST0173 '))).toEqual([]);
  });
});
