import express, { type Express } from 'express';
import { withBreaker } from '../../src/adapters/opossum.ts';
import type { Fetch } from '../demo/pod.ts';
import { forwardHeaders } from '../demo/forward-headers.ts';
import { failed, ok, type Answer } from './answer.ts';
import { readToken } from './tokens.ts';
import type { User } from './uc.ts';

export interface PaymentOptions {
  /** v2 shows the e-mail address too. */
  readonly version: 'v1' | 'v2';
  /** The mesh's fetch. */
  readonly fetch: Fetch;
  /** Checks the tokens. */
  readonly key: Buffer;
  /** How long it waits for uc before it falls back. */
  readonly ucTimeoutMs: number;
  /** What an answer takes it besides the calls it makes. Default: nothing. */
  readonly work?: () => Promise<unknown>;
}

/** Answers when uc does not. */
const NOBODY: User = { id: 0, name: 'guest', email: 'unknown' };

/** The payment service. It asks uc who the caller is, behind a breaker with a fallback. */
export function createPayment({ version, fetch, key, ucTimeoutMs, work }: PaymentOptions): Express {
  const findUser = withBreaker(
    async (signal, name: string, headers: Record<string, string>) => {
      const response = await fetch(`http://kim-uc-service:8080/user/login/${encodeURIComponent(name)}`, { headers, signal });
      // Read here, so that a body that comes too slowly is also too slow.
      return { status: response.status, user: ((await response.json()) as Answer<User>).data ?? NOBODY };
    },
    // Hystrix opens no circuit below 20 calls; opossum would after the first.
    { timeoutMs: ucTimeoutMs, fallback: () => ({ status: 200, user: NOBODY }), opossum: { volumeThreshold: 20 } },
  );

  const app = express();
  app.get('/balance/query', async (request, response) => {
    const claims = readToken(request.headers.authorization, key);
    if (claims === undefined) {
      response.status(401).json(failed(401, 'bad token'));
      return;
    }
    await work?.();
    const { user } = await findUser(claims.user_name, forwardHeaders(request.headers));
    const email = version === 'v2' ? `email: ${user.email}` : '';
    response.json(ok(`Hello ${version}, ${user.name}!, id: ${user.id} ${email}`));
  });
  return app;
}
