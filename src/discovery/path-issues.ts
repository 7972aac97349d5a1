import { resolve } from 'node:path';
import type { ConfigIssue } from '../config/issue.ts';

/** An issue of a file or folder as a whole. */
type PathIssue = Pick<ConfigIssue, 'severity' | 'code' | 'message' | 'hint'>;

export function pathIssue(file: string, issue: PathIssue): ConfigIssue {
  return { ...issue, file, line: 1, column: 1, resource: '', path: '', value: '' };
}

/** A file or folder that is there and can't be read. */
export function unreadable(file: string, cause: unknown): ConfigIssue {
  return pathIssue(file, { severity: 'error', code: 'ERR_UNREADABLE', message: `can't be read: ${messageOf(cause)}` });
}

export function danglingLink(file: string): ConfigIssue {
  return pathIssue(file, { severity: 'error', code: 'ERR_UNREADABLE', message: "can't be read: the link leads nowhere" });
}

/** @param root - where `path` leads; told if that depends on the folder that the process runs in, and `path` is no name that somebody gave it */
export function missingPath(path: string, root: string): ConfigIssue {
  const hint = 'give a file, a folder, or YAML text with a line break in it';
  const where = path !== root && resolve(path) === root ? ` as ${root}` : '';
  return pathIssue(path, { severity: 'error', code: 'ERR_UNREADABLE', message: `there is no such file or folder${where}`, hint });
}

export function emptyFolder(path: string): ConfigIssue {
  const message = 'the folder holds no .yaml, .yml or .json file, so there are no rules';
  return pathIssue(path, { severity: 'warning', code: 'WARN_EMPTY', message, hint: 'put Istio resources there, or name another folder' });
}

export function tooLarge(file: string, size: number, limit: number): ConfigIssue {
  const message = `a configuration file must not be larger than ${limit} bytes, got ${size}`;
  return pathIssue(file, { severity: 'error', code: 'ERR_TOO_LARGE', message, hint: 'split it' });
}

/** Whether what was asked for is not there (any more). */
export function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** A path's own name is not repeated: an issue begins with it. */
function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/, \w+( '.*')?$/, '') : String(cause);
}
