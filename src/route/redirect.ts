import { getHeader } from '../common/headers.ts';
import { portStart } from './authority.ts';
import type { RedirectOptions, RequestHead, RouteMatch } from './model.ts';
import { replaceMatchedPath } from './rewrite.ts';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: ':80', https: ':443' };

/**
 * Where a redirect leads. `undefined` options give the request's own URL, which direct responses of status 201 and 3xx name.
 *
 * Source: Istio `ApplyRedirect`; Envoy `Http::Utility::newUri`.
 */
export function redirectLocation(head: RequestHead, options: RedirectOptions = {}, match: RouteMatch = {}): string {
  const scheme = options.scheme || head.scheme;
  const port = redirectPort(head, options);
  const host = options.authority || (options.keepsPort === true ? head.authority : keptHost(head, scheme, port !== ''));
  const path = redirectPath(head.path, options, match);
  return `${scheme}://${host}${port}${path.startsWith('/') ? '' : '/'}${path}`;
}

// Istio drops a port that is the default of the scheme it configures, `http` if it configures none.
function redirectPort(head: RequestHead, options: RedirectOptions): string {
  const port = options.derivePort === 'FROM_REQUEST_PORT' ? head.port : options.port;
  if (port === undefined || port === 0 || port === (options.scheme === 'https' ? 443 : 80)) return '';
  return `:${port}`;
}

// The Host keeps its port unless another takes its place, or the scheme changes and it was the old one's default.
function keptHost(head: RequestHead, scheme: string, replacesPort: boolean): string {
  const { authority } = head;
  const at = portStart(authority);
  if (at === -1) return authority;
  const port = authority.slice(at);
  const oldScheme = getHeader(head.headers, 'x-forwarded-proto') ?? head.scheme;
  const isOldDefault = port === DEFAULT_PORTS[oldScheme.toLowerCase()];
  return replacesPort || (scheme !== oldScheme && isOldDefault) ? authority.slice(0, at) : authority;
}

function redirectPath(path: string, { uri, prefixRewrite }: RedirectOptions, match: RouteMatch): string {
  if (uri) {
    const query = uri.includes('?') ? -1 : path.indexOf('?');
    return query === -1 ? uri : uri + path.slice(query);
  }
  return prefixRewrite ? replaceMatchedPath(path, match, prefixRewrite) : path;
}
