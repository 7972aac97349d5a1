import type { Dispatcher } from 'undici';
import type { Mesh, MeshRequestOptions } from '../mesh.ts';

const DEFAULT_PORT = 80;

/** Calls to one service, by paths. */
export class ServiceClient {
  readonly #mesh: Mesh;
  readonly #url: URL;
  readonly #namesPort: boolean;

  /**
   * @param service - `reviews`, `reviews:9080`, `reviews.shop:9080` or a whole URL; without a scheme it is `http`, and a name without a port means the
   * service's port for HTTP: 80 if it has that, else the lowest
   */
  constructor(mesh: Mesh, service: string) {
    this.#mesh = mesh;
    this.#namesPort = service.includes('://') || /:\d+(\/|$)/.test(service);
    this.#url = new URL(service.includes('://') ? service : `http://${service}`);
  }

  /** Where its paths begin, by the rules of now: `http://reviews:9080`. */
  get url(): string {
    const { origin, pathname, host } = this.#url;
    const path = pathname.replace(/\/$/, '');
    if (this.#namesPort) return origin + path;
    const ports = this.#mesh.snapshot.routes.portsOf(host);
    return ports.length === 0 || ports.includes(DEFAULT_PORT) ? origin + path : `${origin}:${ports[0]}${path}`;
  }

  /** `fetch` of a path, through the mesh: `/reviews/0`, `reviews/0` or `?page=2`. */
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return this.#mesh.fetch(this.#at(path), init);
  }

  /** `mesh.request` of a path. */
  request(path: string, options?: MeshRequestOptions): Promise<Dispatcher.ResponseData> {
    return this.#mesh.request(this.#at(path), options);
  }

  #at(path: string): string {
    return `${this.url}${path === '' || /^[/?#]/.test(path) ? '' : '/'}${path}`;
  }
}
