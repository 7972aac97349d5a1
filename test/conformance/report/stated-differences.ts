import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Why a case is answered differently on purpose, by `topic/slug`. */
export type StatedDifferences = ReadonlyMap<string, string>;

/** Reads `differences.yaml`: a mapping from `topic/slug` to a reason. */
export function loadStatedDifferences(file: string): StatedDifferences {
  if (!existsSync(file)) return new Map();
  return new Map(Object.entries((parse(readFileSync(file, 'utf8')) ?? {}) as Record<string, string>));
}
