import type { Finding } from './finding.ts';

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

/** Findings for code scanning. Source: SARIF 2.1.0 (OASIS). */
export function sarif(findings: readonly Finding[]): object {
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'ts-mesh', rules: codes.map((id) => ({ id })) } },
        results: findings.map(({ code, level, message, hint, file, line, column }) => ({
          ruleId: code,
          ruleIndex: codes.indexOf(code),
          level: LEVELS[level],
          message: { text: hint === undefined ? message : `${message} (${hint})` },
          locations: [{ physicalLocation: { artifactLocation: { uri: encodeURI(file.replaceAll('\\', '/')) }, region: { startLine: Math.max(1, line), startColumn: Math.max(1, column) } } }],
        })),
      },
    ],
  };
}
