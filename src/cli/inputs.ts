import { glob, readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { findingOf, type Finding } from './finding.ts';
import type { ConfigInput } from '../config/read-resources.ts';
import { scanPath } from '../discovery/scan-path.ts';
import { UsageError, type Terminal } from './terminal.ts';

/** Larger files are told of, not read: no rule file comes near. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** What the FILES of a command hold. */
export interface Inputs {
  readonly inputs: readonly ConfigInput[];
  /** What can't be read. */
  readonly findings: readonly Finding[];
}

/**
 * Reads files, folders (with their subfolders), glob patterns and, for `-`, the standard input.
 *
 * @throws {UsageError} when there is nothing to read.
 */
export async function readInputs(names: readonly string[], terminal: Terminal): Promise<Inputs> {
  if (names.length === 0) throw new UsageError('name at least one file, folder or pattern, or - for the standard input');
  const inputs: ConfigInput[] = [];
  const findings: Finding[] = [];
  for (const name of names) {
    if (name === '-') {
      inputs.push({ text: await terminal.input(), file: '<stdin>' });
      continue;
    }
    for (const path of await expand(name, terminal.cwd)) {
      const { files, issues } = await scanPath(resolve(terminal.cwd, path), path);
      findings.push(...issues.map(findingOf).map((finding) => ({ ...finding, level: 'error' as const })));
      for (const file of files) {
        const read = await readText(file.path, relative(terminal.cwd, file.path) || file.file);
        if ('code' in read) findings.push(read);
        else inputs.push(read);
      }
    }
  }
  return { inputs, findings };
}

/** @throws {UsageError} for a pattern that nothing fits. */
async function expand(name: string, cwd: string): Promise<string[]> {
  if (!/[*?[{]/.test(name)) return [name];
  const found: string[] = [];
  for await (const path of glob(name, { cwd })) found.push(path);
  if (found.length === 0) throw new UsageError(`no file fits the pattern ${name}`);
  return found.sort();
}

async function readText(path: string, file: string): Promise<{ text: string; file: string } | Finding> {
  try {
    const bytes = await readFile(path);
    if (bytes.length <= MAX_FILE_BYTES) return { text: bytes.toString('utf8'), file };
    return unreadable(file, `has ${bytes.length} bytes, more than the ${MAX_FILE_BYTES} that are read`);
  } catch (error) {
    return unreadable(file, (error as Error).message);
  }
}

function unreadable(file: string, message: string): Finding {
  return { code: 'ERR_UNREADABLE', level: 'error', resource: '', message: `can't be read: ${message}`, file, line: 1, column: 1 };
}
