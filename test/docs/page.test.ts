import { describe, expect, it } from 'vitest';
import { filesBefore, pageOf } from './page.ts';
import { words } from './words.ts';

const PAGE = `## A section

<!-- wrong: ERR_X -->
\`\`\`yaml
# mesh/a.yaml
a: 1
\`\`\`

- in a list

  \`\`\`ts
  one();

  two();
  \`\`\`

\`\`\`text
\`\`\`
`;

describe('a page', () => {
  const page = pageOf('docs/a.md', PAGE);

  it('has blocks with language, place and remark', () => {
    expect(page.blocks).toEqual([
      { page: 'docs/a.md', line: 5, language: 'yaml', text: '# mesh/a.yaml\na: 1\n', remark: 'wrong: ERR_X' },
      { page: 'docs/a.md', line: 12, language: 'ts', text: 'one();\n\ntwo();\n', remark: '' },
      { page: 'docs/a.md', line: 18, language: 'text', text: '', remark: '' },
    ]);
  });

  it('has files', () => {
    expect([...filesBefore(page, 2)]).toEqual([['mesh/a.yaml', '# mesh/a.yaml\na: 1\n']]);
    expect([...filesBefore(page, 0)]).toEqual([]);
  });

  it('may not forget to end a block', () => {
    expect(() => pageOf('docs/a.md', 'x\n```ts\n')).toThrow('docs/a.md:2: a fence without end');
  });
});

it.each([
  ['npx ts-mesh explain "a b" -H \'c: d\'   # why', [['npx', 'ts-mesh', 'explain', 'a b', '-H', 'c: d']]],
  ['A=1 kubectl get x -o yaml | npx ts-mesh analyze - > out.txt', [['kubectl', 'get', 'x', '-o', 'yaml'], ['npx', 'ts-mesh', 'analyze', '-']]],
  ['npm ci && npm start', [['npm', 'ci'], ['npm', 'start']]],
  ['# nothing', []],
])('the commands of %s', (line, commands) => {
  expect(words(line)).toEqual(commands);
});
