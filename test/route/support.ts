import type { HeaderList } from '../../src/common/headers.ts';
import type { RequestHead, RouteAction, RouteMatch, RouteSpec, VirtualHostSpec, WeightedDestination } from '../../src/route/model.ts';
import type { VariableSource } from '../../src/route/variables.ts';

/** `GET http://reviews:9080/` unless told otherwise. */
export function head(about: Partial<RequestHead> = {}): RequestHead {
  return { method: 'GET', scheme: 'http', authority: 'reviews:9080', path: '/', port: 9080, headers: [], ...about };
}

/** `{a: 'x', b: ['y', 'z']}` as lines. */
export function lines(headers: Readonly<Record<string, string | readonly string[]>>): HeaderList {
  return Object.entries(headers).flatMap(([name, values]) => [values].flat().flatMap((value) => [name, value]));
}

export function forward(...destinations: readonly (string | WeightedDestination)[]): RouteAction & { kind: 'forward' } {
  return {
    kind: 'forward',
    destinations: destinations.map((given) => (typeof given === 'string' ? { cluster: given, weight: 1 } : given)),
  };
}

/** A route to a cluster that is called like the route. */
export function route(name: string, match: RouteMatch = {}, about: Partial<RouteSpec> = {}): RouteSpec {
  return { name, match, action: forward(name), ...about };
}

export function virtualHost(domains: string | readonly string[], routes: readonly RouteSpec[] = []): VirtualHostSpec {
  const list = [domains].flat();
  return { name: list[0] ?? 'nameless', domains: list, routes };
}

/** Knows the given names and nothing else. */
export function variables(values: Readonly<Record<string, string>> = {}): VariableSource {
  return { variable: (name, argument) => values[argument === undefined ? name : `${name}(${argument})`] };
}
