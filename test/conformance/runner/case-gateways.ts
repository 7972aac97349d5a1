import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createGateway, type Credentials, type Gateway } from '../../../src/gateway/index.ts';
import type { Mesh } from '../../../src/index.ts';
import type { ConnectCallback } from '../backend/backend-set.ts';
import type { ConformanceCase, GatewaySpec } from '../case/case-file.ts';
import { readLogEntry } from '../record/log-entry.ts';
import { EndedConnections } from './ended-connections.ts';
import { callGateway } from './gateway-caller.ts';
import type { GatewayUnderTest } from './outcome.ts';
import { SUITE } from '../suite-paths.ts';

/** Any port of the rules is a free one of this machine. */
const ANY_PORT: Readonly<Record<number, number>> = new Proxy({}, { get: () => 0 });

/** The gateways of a case. Their recorded addresses exist on no network: each port is one of 127.0.0.1 here. */
export class CaseGateways {
  readonly byName: ReadonlyMap<string, GatewayUnderTest>;
  readonly #gateways: readonly (readonly [spec: GatewaySpec, gateway: Gateway])[];

  private constructor(gateways: readonly (readonly [spec: GatewaySpec, gateway: Gateway, logLines: string[], ended: EndedConnections])[]) {
    this.#gateways = gateways.map(([spec, gateway]) => [spec, gateway]);
    this.byName = new Map(gateways.map(([{ name }, gateway, logLines, ended]) => [name, underTest(gateway, logLines, ended)]));
  }

  /** @param ownAddress - what recordings call `<proxy ip>` */
  static async start({ gateways }: ConformanceCase, mesh: Mesh, ownAddress: string): Promise<CaseGateways> {
    const started = gateways.map(async (spec) => {
      const logLines: string[] = [];
      const ended = new EndedConnections();
      const accessLog = (line: string): void => {
        logLines.push(line);
        ended.add(readLogEntry(line));
      };
      const { labels, namespace } = spec;
      return [spec, await createGateway(mesh, { labels, namespace, ownAddress, ports: ANY_PORT, credentials: credentialsOf(mesh), accessLog }), logLines, ended] as const;
    });
    return new CaseGateways(await Promise.all(started));
  }

  /** Opens a socket to the gateway of a recorded address; `false` when there is none. */
  connect(ip: string, port: number, callback: ConnectCallback): boolean {
    const gateway = this.#gateways.find(([spec]) => spec.ip === ip)?.[1];
    if (gateway === undefined) return false;
    dial(gateway, port).then((socket) => callback(null, socket), (error: Error) => callback(error));
    return true;
  }

  async close(): Promise<void> {
    await Promise.all(this.#gateways.map(([, gateway]) => gateway.close({ drainMs: 0 })));
  }
}

function underTest(gateway: Gateway, logLines: readonly string[], ended: EndedConnections): GatewayUnderTest {
  return {
    ended,
    logLines,
    send: (call, localAddress) => callGateway(gateway, call, localAddress, ended),
    connect: (port) => dial(gateway, port).catch(() => undefined),
  };
}

function dial(gateway: Gateway, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const local = gateway.portOf(port);
    if (local === undefined) {
      reject(Object.assign(new Error(`nothing listens on port ${port} of the gateway`), { code: 'ECONNREFUSED' }));
      return;
    }
    const socket = connect({ port: local, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject).once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** Whatever a rule calls it, the recording proxies were given the server's certificate. */
function credentialsOf(mesh: Mesh): Credentials {
  const servers = mesh.get('Gateway').flatMap(({ spec }) => (spec as { servers?: { tls?: { credentialName?: string } }[] }).servers ?? []);
  const file = (name: string): string => join(SUITE.certs, name);
  const credential = { certificate: file('server.pem'), privateKey: file('server.key'), caCertificates: file('ca.pem') };
  return Object.fromEntries(servers.flatMap(({ tls }) => (tls?.credentialName === undefined ? [] : [[tls.credentialName, credential]])));
}
