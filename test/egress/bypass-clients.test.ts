import { tryOut } from './bypass.ts';
import { CLIENT_SUBJECT, TRICKS } from './tricks.ts';

tryOut({ [CLIENT_SUBJECT]: TRICKS[CLIENT_SUBJECT]! });
