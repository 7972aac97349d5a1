import tseslint from 'typescript-eslint';

// The core decides and the shell acts: in these folders there is no clock, no dice, no I/O, no promise.
const PURE = ['src/common/**', 'src/route/**', 'src/cluster/**', 'src/telemetry/**', 'src/config/**'];

const impureGlobals = [
  'Date', 'performance', 'process', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval',
  'queueMicrotask', 'fetch', 'crypto', 'console',
].map((name) => ({ name, message: 'PURE folder: take it as an argument.' }));

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**', 'docs/api/**', '.stryker-tmp/**', 'test/package/fixtures/**', 'reports/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'No default exports.' },
        { selector: 'TSEnumDeclaration', message: 'No enums: use a union of strings.' },
      ],
    },
  },
  { files: ['**/*.config.ts', '*.config.js'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['src/**/*.ts'],
    rules: { 'max-lines': ['error', { max: 400 }], 'no-console': 'error' },
  },
  { files: ['src/cli/**'], rules: { 'no-console': 'off' } },
  {
    files: PURE.map((glob) => `${glob}/*.ts`),
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'PURE folder: take a Random.' }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'No default exports.' },
        { selector: 'TSEnumDeclaration', message: 'No enums: use a union of strings.' },
        { selector: ':function[async=true]', message: 'PURE folder: no promises.' },
        { selector: 'AwaitExpression', message: 'PURE folder: no promises.' },
        { selector: "NewExpression[callee.name='Promise']", message: 'PURE folder: no promises.' },
      ],
      'no-restricted-imports': ['error', { patterns: [{ regex: '^(node:|undici|p-limit|eventemitter3|opossum)', message: 'PURE folder: no I/O.' }] }],
    },
  },
);
