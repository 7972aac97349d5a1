import { tryOut } from './bypass.ts';
import { CLIENT_SUBJECT, TRICKS } from './tricks.ts';

// Those of other clients have a file of their own, to run beside.
const { [CLIENT_SUBJECT]: _, ...tricks } = TRICKS;

tryOut(tricks);
