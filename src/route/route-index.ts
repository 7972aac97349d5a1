import type { RequestHead } from './model.ts';
import { pathEnd } from './path.ts';
import { PathTrie, type PathKey } from './path-trie.ts';
import type { Route } from './route.ts';

/** An exact header value that decides alone whether a route may match. */
interface HeaderKey {
  readonly kind: 'header';
  readonly name: string;
  readonly text: string;
}

/** A condition that a route can be filed under. */
type Key = PathKey | HeaderKey;

/**
 * Finds the first matching route of a list without trying them all. Each route is filed under one of its conditions
 * (exact path, path prefix, exact header value), the one that fewest others share; those with none are tried in turn.
 * Answers are the same as a walk through the list gives.
 */
export class RouteIndex {
  readonly #routes: readonly Route[];
  readonly #headers = new Map<string, Map<string, number[]>>();
  readonly #paths: PathTrie;
  readonly #rest: number[] = [];
  readonly #holds = (position: number, head: RequestHead): boolean => this.#routes[position]!.matcher.matchesBesidesUri(head);

  constructor(routes: readonly Route[]) {
    this.#routes = routes;
    const candidates = routes.map(keysOf);
    const shares = new Map<string, number>();
    for (const key of candidates.flat()) shares.set(idOf(key), (shares.get(idOf(key)) ?? 0) + 1);
    const keys = candidates.map((own) => own.toSorted((a, b) => shares.get(idOf(a))! - shares.get(idOf(b))!)[0]);
    this.#paths = new PathTrie(keys.map((key) => (key === undefined || key.kind === 'header' ? undefined : key)));
    keys.forEach((key, position) => {
      if (key === undefined) this.#rest.push(position);
      else if (key.kind === 'header') this.#file(key, position);
    });
  }

  match(head: RequestHead): Route | undefined {
    const routes = this.#routes;
    const { path, headers } = head;
    const end = pathEnd(path);
    let best = this.#rest.length === 0 ? routes.length : this.#first(this.#rest, routes.length, head);
    best = this.#paths.first(path, end, best, this.#holds, head);
    if (this.#headers.size > 0) {
      for (let i = 0; i < headers.length; i += 2) {
        const positions = this.#headers.get(headers[i]!)?.get(headers[i + 1]!);
        if (positions !== undefined) best = this.#first(positions, best, head);
      }
    }
    return routes[best];
  }

  /** The first of `positions` before `best` whose route matches, else `best`. */
  #first(positions: readonly number[], best: number, head: RequestHead): number {
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i]!;
      if (position >= best) return best;
      if (this.#routes[position]!.matches(head)) return position;
    }
    return best;
  }

  #file({ name, text }: HeaderKey, position: number): void {
    let values = this.#headers.get(name);
    if (values === undefined) this.#headers.set(name, (values = new Map()));
    const positions = values.get(text);
    if (positions === undefined) values.set(text, [position]);
    else positions.push(position);
  }
}

function keysOf({ matcher }: Route): Key[] {
  const { uri } = matcher;
  const keys: Key[] = [];
  if (uri !== undefined && !uri.ignoresCase && (uri.kind === 'exact' || uri.kind === 'prefix')) keys.push({ kind: uri.kind, text: uri.text });
  for (const condition of matcher.headers) {
    // A pseudo-header is no line of the list.
    if (condition.inverted || condition.isPseudo || condition.matcher.kind !== 'exact') continue;
    keys.push({ kind: 'header', name: condition.name, text: condition.matcher.text });
  }
  return keys;
}

function idOf(key: Key): string {
  return key.kind === 'header' ? `header ${key.name}=${key.text}` : `${key.kind} ${key.text}`;
}
