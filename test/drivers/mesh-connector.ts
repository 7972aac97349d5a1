import { AbstractConnector, type RedisOptions } from 'ioredis';
import { connect as tlsConnect } from 'node:tls';
import type { Mesh } from '../../src/index.ts';

/** ioredis on connections of `mesh`: what docs/connections.md shows. */
export function meshConnector(mesh: Mesh): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    readonly #options: RedisOptions;

    constructor(options: unknown) {
      super((options as RedisOptions).disconnectTimeout!);
      this.#options = options as RedisOptions;
    }

    override async connect() {
      const { host = 'localhost', port = 6379, tls } = this.#options;
      const servername = tls === undefined ? undefined : (tls.servername ?? host);
      const socket = mesh.createConnection({ host, port, ...(servername !== undefined && { servername }) });
      this.stream = servername === undefined ? socket : tlsConnect({ ...tls, socket, servername });
      return this.stream;
    }
  };
}
