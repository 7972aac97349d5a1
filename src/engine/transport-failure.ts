import type { ResetReason } from '../route/retry-policy.ts';
import { TlsFailure } from './tls-failure.ts';

/** What the transport said of a try that broke, in Envoy's words; empty where it said nothing. It goes into the details only. */
export function transportFailure(reason: ResetReason, error: Error): string {
  if (reason !== 'connection-failure') return '';
  const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  if (error instanceof TlsFailure) return error.message;
  return `delayed connect error: ${refused ? 'Connection refused' : error.message}`;
}
