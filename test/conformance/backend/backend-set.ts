import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { ConformanceCase } from '../case/case-file.ts';
import type { Document } from '../case/documents.ts';
import { endpointAddresses } from '../case/endpoint-addresses.ts';
import { Backend, type BackendOptions } from './backend.ts';
import type { CallBook } from './call-book.ts';

/** Called once, with an error or an open socket. */
export type ConnectCallback = (error: Error | null, socket?: Socket) => void;

/**
 * All servers of a case. The rules keep the recorded addresses, which exist on no network; this is where each becomes a port
 * of 127.0.0.1, so that cases run side by side and without special rights.
 */
export class BackendSet {
  readonly #backends: ReadonlyMap<string, Backend>;
  readonly #silent: ReadonlySet<string>;
  readonly #closedPort: number;
  readonly #sockets = new Set<Socket>();

  private constructor(backends: ReadonlyMap<string, Backend>, silent: ReadonlySet<string>, closedPort: number) {
    this.#backends = backends;
    this.#silent = silent;
    this.#closedPort = closedPort;
  }

  static async start(conformanceCase: ConformanceCase, documents: readonly Document[], book: CallBook): Promise<BackendSet> {
    const { backends, gateways, down, dns } = conformanceCase;
    const ofGateways = (address: string): boolean => gateways.some(({ ip }) => address.startsWith(`${ip}:`));
    const servers = new Map<string, BackendOptions>();
    for (const { address, version, plainHttp } of endpointAddresses(documents, dns)) {
      servers.set(address, { address, text: version ?? address, plainHttp, book });
    }
    for (const { address, protocol, clientCert, http2 } of backends) {
      const { text = address, plainHttp = true } = servers.get(address) ?? {};
      const speaksTls = clientCert !== undefined || http2;
      const plain = protocol === undefined ? plainHttp && !speaksTls : protocol === 'HTTP';
      servers.set(address, { address, text, plainHttp: plain, clientCert, http2, book });
    }
    const silent = new Set(backends.filter((backend) => backend.silent).map(({ address }) => address));
    const started = [...servers.values()]
      .filter(({ address }) => !down.includes(address) && !silent.has(address) && !ofGateways(address))
      .map(async (options): Promise<[string, Backend]> => [options.address, await Backend.start(options)]);
    return new BackendSet(new Map(await Promise.all(started)), silent, await closedPort());
  }

  /** The recorded addresses that answer. */
  get addresses(): readonly string[] {
    return [...this.#backends.keys()];
  }

  /** Opens a socket to the server that stands for the recorded address; to a closed port when there is none. */
  connect(ip: string, port: number, callback: ConnectCallback): void {
    const address = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
    // A silent server lets a connection attempt hang: nobody is called back, the mesh's own timeout decides.
    if (this.#silent.has(address)) return;
    const socket = connect({ host: '127.0.0.1', port: this.#backends.get(address)?.port ?? this.#closedPort, noDelay: true });
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const failed = (error: Error): void => callback(error);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      callback(null, socket);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([...this.#backends.values()].map((backend) => backend.close()));
  }
}

// A port that was free a moment ago. Another case may get it before a refused connection is tried, which the random choice
// of the system makes unlikely enough; port 1 is never given out, and rarely listened on.
async function closedPort(): Promise<number> {
  if (await refuses(1)) return 1;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
  });
}
