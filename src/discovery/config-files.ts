import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import type { ConfigIssue } from '../config/issue.ts';
import { MeshError } from '../common/errors.ts';

/** One file's text, by the name that issues and explanations show. */
export interface ConfigText {
  readonly text: string;
  readonly file: string;
}

/** What a path held. `issues` are warnings about the path itself. */
export interface LoadedConfig {
  readonly texts: readonly ConfigText[];
  readonly issues: readonly ConfigIssue[];
}

const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

/**
 * The texts at `path`: the file, or every `.yaml`, `.yml` and `.json` file of the folder and its subfolders, in
 * alphabetical order. Hidden files and folders are passed over.
 *
 * @throws {MeshError} `ERR_INVALID_CONFIG` when nothing is there or it can't be read.
 */
export async function loadConfigPath(path: string): Promise<LoadedConfig> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file or folder' : String(cause);
    throw new MeshError('ERR_INVALID_CONFIG', `can't read the configuration at ${path}: ${why} (give a file, a folder, or YAML text with a line break in it)`, { cause });
  }
  if (!isFolder) return { texts: [{ text: await readFile(path, 'utf8'), file: path }], issues: [] };
  const files = (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory() && EXTENSIONS.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(path, file).split(/[\\/]/).some((part) => part.startsWith('.')))
    .sort();
  const texts = await Promise.all(files.map(async (file) => ({ text: await readFile(file, 'utf8'), file })));
  return { texts, issues: files.length === 0 ? [emptyFolder(path)] : [] };
}

function emptyFolder(path: string): ConfigIssue {
  return {
    severity: 'warning',
    code: 'WARN_EMPTY',
    file: path,
    line: 1,
    column: 1,
    resource: '',
    path: '',
    value: '',
    message: 'the folder holds no .yaml, .yml or .json file, so there are no rules',
    hint: 'put Istio resources there, or name another folder',
  };
}
