import { fullName, namespaceOf } from '../model/names.ts';
import type { HeaderLine } from '../model/requests.ts';
import type { HttpMatch, StringMatch, World } from '../model/resources.ts';
import { AUTHORITIES } from './virtual-services.ts';
import { HEADER_VALUES, PATHS } from './vocabulary.ts';

/** An entry of `match` to be met, and a host of the rule that it is in. */
export interface Aim {
  readonly host: string;
  readonly match: HttpMatch;
}

/** What a call is like that meets the entry; absent where the entry says nothing of it. */
export interface Aimed {
  readonly path: string | undefined;
  readonly method: string | undefined;
  readonly authority: string | undefined;
  readonly query: string;
  readonly lines: readonly HeaderLine[];
}

/** Every entry, once for each host of its VirtualService; those of delegates for hosts of any that has them. */
export function aimsIn({ resources }: World): Aim[] {
  return resources.flatMap((resource): Aim[] => {
    if (resource.kind !== 'VirtualService') return [];
    const { hosts = [], http = [] } = resource.spec;
    const delegated = http.flatMap(({ delegate }) => resources.flatMap((leaf) => (leaf.kind === 'VirtualService' && leaf.metadata.name === delegate?.name ? (leaf.spec.http ?? []) : [])));
    const entries = [...http, ...delegated].flatMap(({ match }) => match ?? [{}]);
    return hosts.flatMap((host) => entries.map((match) => ({ host: fullName(host, namespaceOf(resource.metadata)), match })));
  });
}

export function aimed({ uri, method, authority, headers, queryParams }: HttpMatch): Aimed {
  return {
    path: uri && fitting(uri, PATHS),
    method: method && fitting(method, ['GET', 'POST']),
    authority: authority && fitting(authority, AUTHORITIES),
    query: Object.entries(queryParams ?? {}).map(([name, matcher]) => `${name}=${fitting(matcher, HEADER_VALUES)}`).join('&'),
    lines: Object.entries(headers ?? {})
      .filter(([name]) => !name.startsWith(':') && name !== 'host')
      .map(([name, matcher]): HeaderLine => [name.toLowerCase(), fitting(matcher, HEADER_VALUES)]),
  };
}

function fitting({ exact, prefix, regex }: StringMatch, words: readonly string[]): string {
  if (exact !== undefined) return exact;
  if (prefix !== undefined) return words.find((word) => word.startsWith(prefix)) ?? prefix;
  const pattern = regex === undefined || regex === '*' ? '.+' : regex;
  return words.find((word) => new RegExp(`^(?:${pattern})$`).test(word)) ?? '';
}
