import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { abreast, count, during, settled, showCounts } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import { Cluster } from '../cluster.ts';
import { Edge } from '../edge.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const SERVICES = { file: 'seeds/bookinfo/tcp-echo-services.yaml', says: 'tcp-echo v1 answers with "one", v2 with "two"' };
const GATEWAYS = { file: 'gateways/istio-gateways.yaml', says: 'the gateways of Istio\'s installation' };
const ALL_V1 = { file: 'seeds/bookinfo/tcp-echo-all-v1.yaml', says: 'port 31400 of the ingress gateway leads to v1' };
const TO_V2 = { file: 'seeds/bookinfo/tcp-echo-20-v2.yaml', says: '80 % of the connections to v1, 20 % to v2' };

const FEW = 20;
const MANY = 400;

/** `tcp-echo-server`: every line comes back after a word. */
class Echo implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(word: string) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
      socket.on('data', (line: Buffer) => void socket.write(`${word} ${line.toString()}`));
    });
  }

  static async start(word: string): Promise<Echo> {
    const echo = new Echo(word);
    await new Promise<void>((resolve, reject) => echo.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return echo;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** `(date; sleep 1) | nc $INGRESS_HOST $TCP_INGRESS_PORT`: the first word of what comes back. */
async function date(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write(`${new Date().toISOString()}\n`);
    const [line] = (await once(socket, 'data')) as [Buffer];
    return line.toString().split(' ')[0] ?? '';
  } finally {
    socket.destroy();
  }
}

interface Echoes {
  /** First words of the replies by connection, under each of the rules. */
  readonly replies: readonly (readonly string[])[];
  readonly log: readonly string[];
}

async function echoes({ seeds, note }: ScenarioContext, rules: readonly (readonly [file: string, connections: number])[]): Promise<Echoes> {
  const edge = new Edge('istio-ingressgateway');
  const manifests = await Promise.all([SERVICES, GATEWAYS].map(({ file }) => seeds.read(file)));
  return during(Echo.start('one'), (one) =>
    during(Echo.start('two'), (two) => {
      const endpoint = ({ address }: Echo, version: string) => ({ address, labels: { app: 'tcp-echo', version } });
      const endpoints = { 'tcp-echo.default': [endpoint(one, 'v1'), endpoint(two, 'v2')] };
      return during(Cluster.start(manifests, {}, { endpoints }), (cluster) =>
        during(edge.open(cluster), async () => {
          const replies: string[][] = [];
          for (const [file, connections] of rules) {
            await cluster.apply(await seeds.read(file));
            await settled(() => edge.portOf(31400) !== undefined);
            const port = edge.portOf(31400);
            if (port === undefined) throw new Error('the gateway does not listen on port 31400');
            replies.push(await abreast(connections, 10, () => date(port)));
          }
          await settled(() => edge.log.length >= rules.reduce((sum, [, connections]) => sum + connections, 0));
          note(edge.log.slice(-3).join('\n'));
          return { replies, log: edge.log };
        }),
      );
    }),
  );
}

export const b10: Scenario<Echoes> = {
  id: 'B10',
  source: 'Bookinfo, TCP 流量转移 (tcp-echo)',
  title: 'TCP through the ingress gateway',
  configured: [SERVICES, GATEWAYS, ALL_V1],
  expected: 'every reply starts with "one"',
  run: (context) => echoes(context, [[ALL_V1.file, FEW]]),
  check({ replies, log }) {
    const words = count(replies[0] ?? []);
    const clusters = count(log.map((line) => /outbound\|\S+/.exec(line)?.[0]));
    return new Checklist()
      .equal('replies by their first word', words, { one: FEW })
      .equal('clusters in the log of the gateway', clusters, { 'outbound|9000|v1|tcp-echo.default.svc.cluster.local': FEW })
      .verdict({ replies: showCounts(words) });
  },
};

export const b11: Scenario<Echoes> = {
  id: 'B11',
  source: 'Bookinfo, TCP 流量转移 (tcp-echo), 80/20',
  title: 'A fifth of the connections',
  configured: [SERVICES, GATEWAYS, ALL_V1, TO_V2],
  expected: 'about 20 % of the connections are answered "two", whatever is sent on one',
  run: (context) => echoes(context, [[ALL_V1.file, FEW], [TO_V2.file, MANY]]),
  check({ replies }) {
    const [before = [], after = []] = replies;
    const words = count(after);
    return new Checklist()
      .equal('replies before', count(before), { one: FEW })
      .share('connections answered by v2', words['two'] ?? 0, MANY, 0.2)
      .equal('connections that neither answered', MANY - (words['one'] ?? 0) - (words['two'] ?? 0), 0)
      .verdict({ before: showCounts(count(before)), after: showCounts(words) });
  },
};
