import { getGlobalDispatcher, setGlobalDispatcher, type Dispatcher } from 'undici';
import { isMeshDispatcher } from './mesh-dispatcher.ts';

/** What {@link Mesh.install} replaces besides the global dispatcher. */
export interface InstallOptions {
  /** Whether `globalThis.fetch` becomes `mesh.fetch`, which is faster than Node's own on the mesh. Default `false`. */
  readonly fetch?: boolean;
}

/** A mesh in the place of the process's globals. */
export interface Installed {
  /** What takes the calls that are none of the mesh's. */
  passthrough(): Dispatcher;
  /** Puts back what was there before; does nothing the second time. */
  restore(): void;
}

interface Layer<T> {
  readonly mine: T;
  previous: T;
}

/** One global, and the meshes that are in its place now, the first at the bottom. They may leave in any order. */
class Slot<T> {
  readonly #layers: Layer<T>[];
  readonly #read: () => T;
  readonly #write: (value: T) => void;

  constructor(layers: Layer<T>[], read: () => T, write: (value: T) => void) {
    this.#layers = layers;
    this.#read = read;
    this.#write = write;
  }

  put(mine: T): Layer<T> {
    const layer = { mine, previous: this.#read() };
    this.#layers.push(layer);
    this.#write(mine);
    return layer;
  }

  /** Whoever came later (a mock, another mesh) stays; a mesh is told what it stands on now. */
  remove(layer: Layer<T>): void {
    const at = this.#layers.indexOf(layer);
    if (at < 0) return;
    this.#layers.splice(at, 1);
    if (this.#read() === layer.mine) this.#write(layer.previous);
    const above = this.#layers.find(({ previous }) => previous === layer.mine);
    if (above !== undefined) above.previous = layer.previous;
  }
}

/** One for all copies (ESM, CJS, another install) of this major version: a mesh that leaves has to tell the one above, whosever that is. */
const LAYERS = Symbol.for('ts-mesh/1.installed');
const holder = globalThis as { [LAYERS]?: { readonly dispatchers: Layer<Dispatcher>[]; readonly fetches: Layer<typeof globalThis.fetch>[] } };
const layers = (holder[LAYERS] ??= { dispatchers: [], fetches: [] });

const dispatchers = new Slot(layers.dispatchers, getGlobalDispatcher, setGlobalDispatcher);
const fetches = new Slot(
  layers.fetches,
  () => globalThis.fetch,
  (fetch) => {
    globalThis.fetch = fetch;
  },
);

/** Puts `mesh` in the place of the process's dispatcher, and perhaps of its `fetch`. */
export function installMesh(mesh: { readonly dispatcher: Dispatcher; readonly fetch: typeof globalThis.fetch }, options: InstallOptions = {}): Installed {
  const dispatcher = dispatchers.put(mesh.dispatcher);
  const fetch = options.fetch === true ? fetches.put(mesh.fetch) : undefined;
  return {
    // Someone (a mock) may have put itself in our place meanwhile; then it is what takes the rest. But never a mesh, be it
    // ourselves or one above, which would send the call down to us again.
    passthrough: () => {
      const current = getGlobalDispatcher();
      return isMeshDispatcher(current) ? dispatcher.previous : current;
    },
    restore: () => {
      dispatchers.remove(dispatcher);
      if (fetch !== undefined) fetches.remove(fetch);
    },
  };
}
