import type { RequestHead, VirtualHostSpec } from './model.ts';
import { withoutQuery } from './path.ts';
import { Route } from './route.ts';
import { RouteIndex } from './route-index.ts';

/** Below this a walk through the list is as fast as the index, and smaller. */
const INDEX_FROM = 4;

/** The routes that a Host selects, compiled. Source: Envoy virtual host. */
export class VirtualHost {
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
  readonly spec: VirtualHostSpec;
  readonly #index: RouteIndex | undefined;

  constructor(spec: VirtualHostSpec) {
    this.name = spec.name;
    this.domains = spec.domains;
    this.routes = spec.routes.map((route) => new Route(route));
    this.spec = spec;
    this.#index = this.routes.length < INDEX_FROM ? undefined : new RouteIndex(this.routes);
  }

  /** The first route that matches; `undefined` is a 404 (`NR`), never some default route. */
  match(head: RequestHead): Route | undefined {
    if (this.#index !== undefined) return this.#index.match(head);
    const path = withoutQuery(head.path);
    const routes = this.routes;
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i]!;
      if (route.matcher.matches(head, path)) return route;
    }
    return undefined;
  }
}
