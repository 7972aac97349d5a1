import { readFile } from 'node:fs/promises';
import { createMesh, type Mesh } from '../mesh.ts';
import type { ConfigSource } from '../mesh-options.ts';
import { isMeshError } from '../common/errors.ts';
import { readInputs } from './inputs.ts';
import { UsageError, type Terminal } from './terminal.ts';

/** Which rules a command looks at, and for whom. */
export interface ConfigOptions {
  readonly config?: readonly string[];
  readonly namespace?: string;
  /** `key=value` */
  readonly label?: readonly string[];
  readonly locality?: string;
}

/**
 * A mesh under the rules that the options name, for looking at; it opens no connection.
 *
 * @throws {UsageError} when no rules are named. @throws {MeshError} for rules that can't come into force.
 */
export async function meshOf(options: ConfigOptions, terminal: Terminal): Promise<Mesh> {
  const fromEnvironment = terminal.env['TS_MESH_CONFIG'];
  const names = options.config ?? (fromEnvironment === undefined ? [] : [fromEnvironment]);
  if (names.length === 0) throw new UsageError('say where the rules are: --config FILE (or the environment variable TS_MESH_CONFIG)');
  const { inputs, findings } = await readInputs(names, terminal);
  if (findings[0] !== undefined) throw new UsageError(`${findings[0].file} ${findings[0].message}`);
  return createMesh({
    config: inputs as readonly ConfigSource[],
    watch: false,
    accessLog: false,
    workload: { namespace: options.namespace, labels: labelsOf(options.label ?? []), locality: options.locality },
    // Decisions are shown as they come, not as dice fall.
    seed: 1,
  });
}

/** Runs `look` at the mesh and closes it; rules with errors are told as a person reads them. */
export async function withMesh<T>(options: ConfigOptions, terminal: Terminal, look: (mesh: Mesh) => T | Promise<T>): Promise<T | 1> {
  let mesh: Mesh;
  try {
    mesh = await meshOf(options, terminal);
  } catch (error) {
    if (!isMeshError(error)) throw error;
    terminal.err(error.message);
    return 1;
  }
  try {
    return await look(mesh);
  } finally {
    await mesh.close({ drainMs: 0 });
  }
}

/** The labels of `-l key=value`. @throws {UsageError} for one without `=`. */
export function labelsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new UsageError(`a label is key=value, got ${pair}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** The request headers of `-H name:value`. @throws {UsageError} for one without `:`. */
export function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':');
      if (at <= 0) throw new UsageError(`a header is name:value, got ${line}`);
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

/** The lines of a file of requests: `METHOD URL`, or a URL alone; empty lines and `#` comments are passed over. */
export async function requestLines(file: string): Promise<{ method: string; url: string }[]> {
  return (await readFile(file, 'utf8'))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [first = '', second] = line.split(/\s+/);
      return second === undefined ? { method: 'GET', url: first } : { method: first, url: second };
    });
}
