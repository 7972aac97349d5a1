import { IncomingMessage } from 'node:http';

/**
 * A request that Node would hand over to another protocol only where one is asked for that the engine decides about. It asks for that
 * by this property, before anybody else sees the request.
 *
 * `h2c` is an offer that may be ignored, with a body that must be read; clients make it with their ordinary requests. Source: Envoy
 * `ConnectionImpl::onHeadersCompleteBase`.
 */
export class UpgradableMessage extends IncomingMessage {
  // Node's own constructor sets it, before fields have values.
  declare asked: boolean | null | undefined;

  get upgrade(): boolean | null | undefined {
    return this.asked === true ? this.method === 'CONNECT' || this.headers.upgrade?.toLowerCase() !== 'h2c' : this.asked;
  }

  set upgrade(asked: boolean | null | undefined) {
    this.asked = asked;
  }
}
