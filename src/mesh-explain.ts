import type { Explanation } from './common/explanation.ts';
import { explainCall, explainConnection } from './engine/explain.ts';
import type { ExplainContext } from './engine/explain-destinations.ts';
import { parseOrigin, withoutBrackets } from './engine/target.ts';

/** What of a call beside its URL decides. */
export interface ExplainInit {
  /** Default `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Path and query exactly as they go on the wire, where a URL would tidy them up. Default: the URL's. */
  readonly path?: string;
  /** `ip:port` that the caller dialled; see `MeshCallOptions`. */
  readonly originalDst?: string | null | undefined;
  /** For `tls://` URLs: the name that the handshake asks for. Default: the URL's host. */
  readonly servername?: string | undefined;
}

/** See `mesh.explain`. */
export function explainUrl(context: ExplainContext, url: string | URL, init: ExplainInit): Explanation {
  const { protocol, hostname, port, origin, pathname, search } = new URL(url);
  const { originalDst, method = 'GET', headers, path = pathname + search } = init;
  if (protocol !== 'tcp:' && protocol !== 'tls:') return explainCall(context, { method, target: parseOrigin(origin), path, headers, originalDst });
  const host = withoutBrackets(hostname);
  const servername = protocol === 'tls:' ? { servername: init.servername ?? host } : {};
  return explainConnection(context, { host, port: Number(port || (protocol === 'tls:' ? 443 : 80)), originalDst, ...servername });
}
