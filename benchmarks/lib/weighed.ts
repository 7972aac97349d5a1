/** What can be weighed. */
export type Weighed =
  /** A declared service, and one that was called once: its runtime state, without a connection. */
  | { readonly what: 'clusters' }
  | { readonly what: 'endpoints' }
  /** Connections that wait, and requests that wait for their answers on them, by who calls. */
  | { readonly what: 'requests'; readonly contestant: 'undici.request' | 'undici.fetch' | 'mesh.request' | 'meshFetch'; readonly ports: readonly number[] };

/** Bytes of V8's heap, each. */
export type Weights = Readonly<Record<string, number>>;
