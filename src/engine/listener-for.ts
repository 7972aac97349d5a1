import type { Listener, ListenerTable } from '../route/listener-table.ts';

/** What tells a listener. */
export interface Dialling {
  /** Name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** `ip:port`, where it is known; then the name does not count. */
  readonly originalDst?: string | null | undefined;
}

/** The host that was dialled, without port and brackets: the address in `originalDst` where that is known. */
export function dialledHost<T extends string | undefined>(host: T, originalDst: string | null | undefined): T | string {
  if (typeof originalDst !== 'string') return host;
  return originalDst.slice(0, originalDst.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/** The listener that takes a connection: the dialled host's own, else the port's. */
export function listenerFor(listeners: ListenerTable, { host, port, originalDst }: Dialling): Listener | undefined {
  return listeners.own(port, dialledHost(host, originalDst)) ?? listeners.general(port);
}
