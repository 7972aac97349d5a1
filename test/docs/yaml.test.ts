import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compileSnapshot, formatIssue, readResources, type ConfigInput, type ConfigIssue } from '../../src/index.ts';
import { pages, placeOf, type Block } from './page.ts';

const resource = (kind: string, spec: object, metadata: object = {}): object => ({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'part', ...metadata }, spec });

/** Part of a resource, by the field that it begins with: what the rest of it is taken to be. */
const PARTS: readonly (readonly [field: RegExp, whole: (part: object) => object])[] = [
  [/^(http|tcp|tls):/, (part) => resource('VirtualService', { hosts: ['reviews'], ...part })],
  [/^(trafficPolicy|subsets):/, (part) => resource('DestinationRule', { host: 'reviews', ...part })],
  [/^metadata:/, (part) => resource('DestinationRule', { host: 'reviews' }, (part as { metadata: object }).metadata)],
];

/**
 * What is in a block that is no configuration of Istio says so before it: `<!-- not Istio's -->`. What is wrong on purpose names the
 * issue: `<!-- wrong: ERR_UNKNOWN_FIELD -->`.
 */
const blocks = pages().flatMap((page) => page.blocks.filter(({ language, remark }) => /^ya?ml$/.test(language) && remark !== "not Istio's"));

function inputOf({ text, page }: Block): ConfigInput {
  const part = PARTS.find(([field]) => field.test(text));
  if (part === undefined) return { text, file: page };
  return { object: part[1](parse(text) as object), name: page };
}

function issuesOf(block: Block): readonly ConfigIssue[] {
  const read = readResources([inputOf(block)]);
  const issues = [...read.issues, ...compileSnapshot(read.resources, { version: 1, workload: { namespace: 'default', labels: {} }, legacySemantics: true }).issues];
  return read.resources.length === 0 && issues.length === 0 ? [{ ...NOTHING, file: block.page, line: block.line }] : issues;
}

const NOTHING: ConfigIssue = { severity: 'error', code: 'ERR_NOTHING', resource: '', path: '', value: '', message: 'holds no resource', file: '', line: 0, column: 1 };

/** A block alone can't say what its subsets and hosts are: that is told of by warnings of compiling. */
const matters = ({ severity, code }: ConfigIssue): boolean => severity === 'error' || !code.startsWith('WARN_UNKNOWN');

describe('the YAML of the pages', () => {
  it.each(blocks.map((block) => [placeOf(block), block] as const))('%s', (_, block) => {
    const issues = issuesOf(block);
    const wrong = /^wrong: (\w+)/.exec(block.remark)?.[1];
    if (wrong === undefined) expect(issues.filter(matters).map(formatIssue)).toEqual([]);
    else expect(issues.map(({ code }) => code)).toContain(wrong);
  });
});
