import type { Dispatcher } from 'undici';
import type { Mesh, MeshRequestOptions } from '../mesh.ts';

/** Calls to one service, by paths. */
export class ServiceClient {
  /** Where its paths begin: `http://reviews:9080`. */
  readonly url: string;
  readonly #mesh: Mesh;

  /** @param service - `reviews`, `reviews:9080`, `reviews.shop:9080` or a whole URL; without a scheme it is `http` */
  constructor(mesh: Mesh, service: string) {
    this.#mesh = mesh;
    this.url = new URL(service.includes('://') ? service : `http://${service}`).href.replace(/\/$/, '');
  }

  /** `fetch` of a path, through the mesh. */
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return this.#mesh.fetch(this.url + path, init);
  }

  /** `mesh.request` of a path. */
  request(path: string, options?: MeshRequestOptions): Promise<Dispatcher.ResponseData> {
    return this.#mesh.request(this.url + path, options);
  }
}
