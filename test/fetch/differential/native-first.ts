/**
 * Keeps the global fetch what Node makes it. Loading undici 8 puts undici's agent in place of Node's own (on Node 22
 * always, on others when it comes first), and the global fetch would be compared over the wire code under test.
 *
 * To be imported before anything that imports undici.
 */
const names = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => Symbol.for(name));
const globals = globalThis as unknown as Record<symbol, unknown>;

// Loads Node's fetch, which makes its agent.
void globalThis.Response;
const own = names.map((name) => globals[name]);

/** Gives the global fetch its own agent back. */
export function restoreNativeAgent(): void {
  names.forEach((name, i) => {
    if (own[i] !== undefined && globals[name] !== own[i]) globals[name] = own[i];
  });
}
