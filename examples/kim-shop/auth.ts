import express, { type Express } from 'express';
import type { Fetch } from '../demo/pod.ts';
import { failed, type Answer } from './answer.ts';
import { signToken } from './tokens.ts';
import type { User } from './uc.ts';

export interface AuthOptions {
  /** The mesh's fetch. */
  readonly fetch: Fetch;
  /** Signs the tokens; payment has the same one. */
  readonly key: Buffer;
}

/** Gives out the tokens that the shop's calls carry, to whomever uc knows. */
export function createAuth({ fetch, key }: AuthOptions): Express {
  const app = express();
  app.post('/oauth/token', express.urlencoded(), async (request, response) => {
    const name = String((request.body as { username?: unknown } | undefined)?.username);
    const found = await fetch(`http://kim-uc-service:8080/user/login/${encodeURIComponent(name)}`);
    const user = ((await found.json()) as Answer<User>).data;
    if (!found.ok || user === null) response.status(401).json(failed(401, 'bad credentials'));
    else response.json({ access_token: signToken({ user_name: user.name, userId: user.id }, key), token_type: 'bearer' });
  });
  return app;
}
