import { milliseconds } from './names.ts';
import { matchesWhole } from './match.ts';
import { linesOf } from './requests.ts';
import type { HeaderLine, Request } from './requests.ts';
import type { Reply } from './replies.ts';
import type { CorsSpec, StringMatch } from './resources.ts';

// §4 CORS.

/** The answer to a preflight that the proxy gives by itself. That a foreign origin is told of credentials, and not of exposed headers, is Envoy's source; the page does not tell. */
export function preflightReply(cors: CorsSpec, request: Request): Reply | undefined {
  const [origin = ''] = linesOf(request.headers, 'origin');
  const [asked = ''] = linesOf(request.headers, 'access-control-request-method');
  if (request.method !== 'OPTIONS' || origin === '' || asked === '') return undefined;
  const allowed = allowsOrigin(cors, origin);
  if (!allowed && cors.unmatchedPreflights !== 'IGNORE') return undefined;

  const headers: HeaderLine[] = [];
  if (allowed) headers.push(['access-control-allow-origin', origin]);
  if (cors.allowCredentials === true) headers.push(['access-control-allow-credentials', 'true']);
  const methods = (cors.allowMethods ?? []).join(',');
  if (methods !== '') headers.push(['access-control-allow-methods', methods === '*' ? asked : methods]);
  const names = (cors.allowHeaders ?? []).join(',');
  if (names !== '') headers.push(['access-control-allow-headers', names === '*' ? (linesOf(request.headers, 'access-control-request-headers')[0] ?? '') : names]);
  const exposed = (cors.exposeHeaders ?? []).join(',');
  if (allowed && exposed !== '') headers.push(['access-control-expose-headers', exposed]);
  if (cors.maxAge !== undefined) headers.push(['access-control-max-age', String(Math.floor(milliseconds(cors.maxAge) / 1000))]);
  return { status: 200, headers, body: '' };
}

/** What an answer to any other call gets, over what it has, if its origin is allowed. */
export function withCors(cors: CorsSpec | undefined, request: Request, headers: readonly HeaderLine[]): HeaderLine[] {
  const [origin = ''] = linesOf(request.headers, 'origin');
  if (cors === undefined || origin === '' || !allowsOrigin(cors, origin)) return [...headers];
  const own: HeaderLine[] = [['access-control-allow-origin', origin]];
  if (cors.allowCredentials === true) own.push(['access-control-allow-credentials', 'true']);
  const exposed = (cors.exposeHeaders ?? []).join(',');
  if (exposed !== '') own.push(['access-control-expose-headers', exposed]);
  return [...headers.filter(([name]) => !own.some(([written]) => written === name)), ...own];
}

function allowsOrigin(cors: CorsSpec, origin: string): boolean {
  const matchers: readonly StringMatch[] = cors.allowOrigins ?? (cors.allowOrigin ?? []).map((exact) => ({ exact }));
  return matchers.some((matcher) => originFits(matcher, origin) || originFits(matcher, '*'));
}

function originFits({ exact, prefix, regex }: StringMatch, origin: string): boolean {
  if (exact !== undefined) return origin === exact;
  if (prefix !== undefined) return origin.startsWith(prefix);
  return regex !== undefined && matchesWhole(regex, origin);
}
