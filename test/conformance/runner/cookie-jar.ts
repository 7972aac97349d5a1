import type { HeaderRecord } from './outcome.ts';

/** Cookies of one case. Paths and expiry are not looked at: a case is shorter than any cookie. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** Keeps what an answer sets. */
  store(headers: HeaderRecord): void {
    for (const cookie of [headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = cookie.split(';');
      const at = pair.indexOf('=');
      if (at > 0) this.#cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
    }
  }

  /** The `cookie` header to send, or `undefined` when there is none to send. */
  header(): string | undefined {
    const pairs = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length === 0 ? undefined : pairs.join('; ');
  }
}
