import express, { type Express } from 'express';
import { failed, ok } from './answer.ts';

/** A user as the user center knows it. */
export interface User {
  readonly id: number;
  readonly name: string;
  readonly email: string;
}

const USERS = new Map<string, User>([
  ['cheng', { id: 1, name: 'cheng', email: 'cheng@163.com' }],
  ['jim', { id: 2, name: 'jim', email: 'jim@163.com' }],
]);

/** The user center: who a login name is. */
export function createUc(): Express {
  const app = express();
  app.get('/user/login/:name', (request, response) => {
    const user = USERS.get(request.params.name);
    if (user === undefined) response.status(404).json(failed(404, `no user ${request.params.name}`));
    else response.json(ok(user));
  });
  return app;
}
