import type { Trick } from './trick.ts';
import { CLIENT_TRICKS } from './tricks/clients.ts';
import { CONNECTION_TRICKS } from './tricks/connections.ts';
import { DISPATCHER_TRICKS } from './tricks/dispatchers.ts';
import { HOST_TRICKS } from './tricks/hosts.ts';
import { HTTPS_TRICKS } from './tricks/https.ts';
import { MESSAGE_TRICKS } from './tricks/messages.ts';
import { REDIRECT_TRICKS } from './tricks/redirects.ts';
import { RULE_TRICKS } from './tricks/rules.ts';
import { URL_TRICKS } from './tricks/urls.ts';

/** Of doors that stand beside the mesh's own. */
export const CLIENT_SUBJECT = 'agents and the local listener';

/** Every way out that was thought of, by what it plays with. */
export const TRICKS: Readonly<Record<string, readonly Trick[]>> = {
  URLs: URL_TRICKS,
  'Host headers': HOST_TRICKS,
  'redirects': REDIRECT_TRICKS,
  'requests': MESSAGE_TRICKS,
  'dispatchers': DISPATCHER_TRICKS,
  'connections': CONNECTION_TRICKS,
  'rules': RULE_TRICKS,
  'https by HTTP rules': HTTPS_TRICKS,
  [CLIENT_SUBJECT]: CLIENT_TRICKS,
};
