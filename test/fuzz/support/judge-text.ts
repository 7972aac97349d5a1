import { isMeshError } from '../../../src/common/errors.ts';
import { createMesh } from '../../../src/mesh.ts';
import type { ConfigIssue } from '../../../src/config/issue.ts';

/** What becomes of a text: `ok`, or the codes of its errors. Anything else that goes wrong is thrown. */
export async function judgeText(text: string): Promise<string> {
  const lines = text.split('\n').length;
  try {
    const mesh = await createMesh({ config: { text, file: 'rules.yaml' } });
    checkPlaces(mesh.warnings, lines);
    await mesh.close();
    return 'ok';
  } catch (error) {
    if (!isMeshError(error) || error.code !== 'ERR_INVALID_CONFIG') throw error;
    const issues = error.issues as readonly ConfigIssue[];
    if (issues.length === 0 || error.message.length > 100_000) throw new Error(`${issues.length} issues, told in ${error.message.length} characters`, { cause: error });
    checkPlaces(issues, lines);
    return [...new Set(issues.filter(({ severity }) => severity === 'error').map(({ code }) => code))].join(' ');
  }
}

function checkPlaces(issues: readonly ConfigIssue[], lines: number): void {
  const lost = issues.find(({ file, line, column }) => file !== 'rules.yaml' || line < 1 || line > lines || column < 1);
  if (lost !== undefined) throw new Error(`an issue has no place: ${JSON.stringify(lost).slice(0, 1000)}`);
}
