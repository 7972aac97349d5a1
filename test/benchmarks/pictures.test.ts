import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawChart } from '../../benchmarks/lib/chart.ts';
import { readResult, RESULTS } from '../../benchmarks/lib/results.ts';
import { QUESTIONS } from '../../benchmarks/questions.ts';

describe('the questions', () => {
  it('have a file each', () => {
    const files = QUESTIONS.map(({ name }) => join(RESULTS, '..', `${name}.ts`));

    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  it('are told of in the README, each with its file', () => {
    const page = readFileSync(join(RESULTS, '..', 'README.md'), 'utf8');

    expect(QUESTIONS.map(({ name }) => name).filter((name) => !page.includes(`| [${name}](${name}.ts) |`))).toEqual([]);
  });
});

describe('committed results', () => {
  const files = (existsSync(RESULTS) ? readdirSync(RESULTS) : []).filter((file) => !file.includes('.quick.'));

  it('are of questions that are asked', () => {
    const known = QUESTIONS.flatMap(({ name }) => [`${name}.json`, `${name}.svg`]);

    expect(files.filter((file) => !known.includes(file))).toEqual([]);
  });

  it('have the pictures that are drawn from them', () => {
    const outdated = QUESTIONS.filter((question) => {
      const data = readResult(RESULTS, question.name);
      const chart = data && question.picture(data);
      const picture = join(RESULTS, `${question.name}.svg`);
      return chart !== undefined && !(existsSync(picture) && readFileSync(picture, 'utf8') === drawChart(chart));
    });

    expect(outdated.map(({ name }) => name)).toEqual([]);
  });
});
