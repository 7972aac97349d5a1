import type { IncomingHttpHeaders } from 'node:http';
import { inboundContextOf, type InboundContext, type InboundOptions } from '../inbound-context.ts';

/** The context of a request of `node:http`, which all servers but those of the web's kind have inside. */
export function contextOf(headers: IncomingHttpHeaders, options: InboundOptions | undefined): InboundContext {
  return inboundContextOf((name) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(',') : value;
  }, options);
}
