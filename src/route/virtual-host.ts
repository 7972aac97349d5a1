import type { RequestHead, VirtualHostSpec } from './model.ts';
import { withoutQuery } from './path.ts';
import { Route } from './route.ts';

/** The routes that a Host selects, compiled. Source: Envoy virtual host. */
export class VirtualHost {
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
  readonly spec: VirtualHostSpec;

  constructor(spec: VirtualHostSpec) {
    this.name = spec.name;
    this.domains = spec.domains;
    this.routes = spec.routes.map((route) => new Route(route));
    this.spec = spec;
  }

  /** The first route that matches; `undefined` is a 404 (`NR`), never some default route. */
  match(head: RequestHead): Route | undefined {
    const path = withoutQuery(head.path);
    const routes = this.routes;
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i]!;
      if (route.matcher.matches(head, path)) return route;
    }
    return undefined;
  }
}
