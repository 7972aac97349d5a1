import { pathOnly, queryOf } from './requests.ts';
import type { HeaderLine, Request } from './requests.ts';
import { replaceMatched } from './rewrite.ts';
import type { DirectResponseSpec, HttpMatch, RedirectSpec } from './resources.ts';

// §4 redirect and directResponse: answers that the proxy gives by itself.

export interface Reply {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  readonly body: string;
}

export function redirectReply(redirect: RedirectSpec, match: HttpMatch | undefined, request: Request): Reply {
  const scheme = redirect.scheme ?? request.scheme;
  const location = `${scheme}://${redirectHost(redirect, scheme, request)}${redirectPath(redirect, match, request)}`;
  return { status: redirect.redirectCode ?? 301, headers: [['location', location]], body: '' };
}

function redirectHost(redirect: RedirectSpec, scheme: string, request: Request): string {
  let port = redirect.derivePort === 'FROM_REQUEST_PORT' ? request.port : redirect.port;
  // A port that is the scheme's default is as if not set. Decided when the route is built, so the scheme is the rule's or http.
  if (port === 80 && (redirect.scheme ?? 'http') === 'http') port = undefined;
  if (port === 443 && redirect.scheme === 'https') port = undefined;
  const suffix = port === undefined ? '' : `:${String(port)}`;
  if (redirect.authority !== undefined && redirect.authority !== '') return redirect.authority + suffix;
  const [, host = '', own = ''] = /^(.*?)(:[0-9]+)?$/.exec(request.authority) ?? [];
  if (suffix !== '') return host + suffix;
  const isOldDefault = (request.scheme === 'http' && own === ':80') || (request.scheme === 'https' && own === ':443');
  return scheme !== request.scheme && isOldDefault ? host : host + own;
}

function redirectPath(redirect: RedirectSpec, match: HttpMatch | undefined, request: Request): string {
  if (redirect.prefixRewrite !== undefined && redirect.prefixRewrite !== '') {
    return replaceMatched(match, pathOnly(request.path), redirect.prefixRewrite) + queryOf(request.path);
  }
  if (redirect.uri !== undefined && redirect.uri !== '') return redirect.uri.includes('?') ? redirect.uri : redirect.uri + queryOf(request.path);
  return request.path;
}

export function directReply(direct: DirectResponseSpec, request: Request): Reply {
  const { status, body } = direct;
  const text = body?.string ?? (body?.bytes === undefined ? '' : Buffer.from(body.bytes, 'base64').toString('latin1'));
  const hasLocation = status === 201 || (status >= 300 && status < 400);
  return { status, headers: hasLocation ? [['location', `${request.scheme}://${request.authority}${request.path}`]] : [], body: text };
}
