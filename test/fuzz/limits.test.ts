import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as config from '../../src/config/limits.ts';
import { MAX_HEAD_BYTES, MAX_HEADERS } from '../../src/engine/admission.ts';
import { READ_AHEAD } from '../../src/fetch/incoming-body.ts';
import { MAX_REGEX_LENGTH, MAX_REGEX_SIZE } from '../../src/route/regex.ts';
import { MAX_REWRITE_WORK, MAX_REWRITTEN_LENGTH } from '../../src/route/regex-rewrite.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the limits in SECURITY.md', () => {
  const rows = new Map(readFileSync(join(ROOT, 'SECURITY.md'), 'utf8').split('\n').map((line) => line.split('|').map((cell) => cell.trim())).map(([, what = '', most = '']) => [what, most]));

  it.each<[string, readonly number[]]>([
    ['a configuration text', [config.MAX_TEXT_LENGTH, config.MAX_TOKENS, config.MAX_DOCUMENTS]],
    ['nesting of maps and lists', [config.MAX_DEPTH]],
    ['what YAML aliases stand for', [config.MAX_ALIASED_NODES, config.MAX_ALIASED_NODES_IN_TEXT]],
    ['an object given in code', [config.MAX_OBJECT_NODES]],
    ['YAML mistakes before reading ends', [config.MAX_SYNTAX_ISSUES_IN_TEXT]],
    ['a regular expression', [MAX_REGEX_LENGTH, MAX_REGEX_SIZE, config.MAX_REGEX_SIZE_IN_TEXT]],
    ['clusters, endpoints and routes', [config.MAX_COMPILE_COST / 2 ** 20]],
    ['path and headers of a request', [MAX_HEAD_BYTES, MAX_HEADERS]],
    ['a regex rewrite of a path', [MAX_REWRITE_WORK, MAX_REWRITTEN_LENGTH]],
    ['a body kept for retries and mirrors', [1024 * 1024]],
    ['a response read ahead', [READ_AHEAD]],
  ])('are those in force: %s', (what, limits) => {
    expect(rows.get(what)?.match(/\d[\d,]*/g)).toEqual(limits.map((limit) => limit.toLocaleString('en-US')));
  });
});
