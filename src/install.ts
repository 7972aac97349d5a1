import { Dispatcher1Wrapper, getGlobalDispatcher, setGlobalDispatcher, type Dispatcher } from 'undici';

/** What {@link Mesh.install} replaces besides the global dispatcher. */
export interface InstallOptions {
  /** Whether `globalThis.fetch` becomes `mesh.fetch`, which is faster than Node's own on the mesh. Default `false`. */
  readonly fetch?: boolean;
}

interface Installed {
  /** What was global before: it takes calls that are none of the mesh's. */
  passthrough(): Dispatcher;
  restore(): void;
}

/** Puts `mesh` in the place of the process's dispatcher, and perhaps of its `fetch`. */
export function installMesh(mesh: { readonly dispatcher: Dispatcher; readonly fetch: typeof globalThis.fetch }, options: InstallOptions = {}): Installed {
  const previous = getGlobalDispatcher();
  setGlobalDispatcher(mesh.dispatcher);
  const previousFetch = globalThis.fetch;
  if (options.fetch === true) globalThis.fetch = mesh.fetch;
  return {
    // Someone (a mock) may have put itself in our place meanwhile; then it is what takes the rest, but never ourselves.
    passthrough: () => {
      const current = getGlobalDispatcher();
      return isMesh(current, mesh.dispatcher) ? previous : current;
    },
    restore: () => {
      if (isMesh(getGlobalDispatcher(), mesh.dispatcher)) setGlobalDispatcher(previous);
      if (globalThis.fetch === mesh.fetch) globalThis.fetch = previousFetch;
    },
  };
}

/** Node's own fetch may see a wrapper of our dispatcher, which undici makes for older handler styles. */
function isMesh(dispatcher: Dispatcher, mesh: Dispatcher): boolean {
  return dispatcher === mesh || (dispatcher instanceof Dispatcher1Wrapper && Object.values(dispatcher).includes(mesh));
}
