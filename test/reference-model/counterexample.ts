import { stringify } from 'yaml';
import type { CallerRequest } from './model/requests.ts';
import type { World } from './model/resources.ts';

/** A configuration, a call and what is wrong with the answer, for a person to decide who errs. */
export function counterexample({ resources, mesh, caller }: World, call: CallerRequest, found: readonly string[]): string {
  return [...resources.map((resource) => stringify(resource)), stringify({ mesh, caller, call }), found.join('\n')].join('---\n');
}
