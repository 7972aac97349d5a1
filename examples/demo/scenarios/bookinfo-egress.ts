import { Outside, type Visit } from '../../outside/outside.ts';
import { during } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import { Cluster } from '../cluster.ts';
import type { MeshCall } from '../pod.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const SLEEP = { file: 'seeds/bookinfo/sleep.yaml', says: 'sleep, the caller' };
const REGISTRY_ONLY = { file: 'seeds/bookinfo/configmap-istio.yaml', says: 'outboundTrafficPolicy: REGISTRY_ONLY' };
const ENTRY = { file: 'seeds/bookinfo/cnn-service-entry.yaml', says: 'edition.cnn.com, ports 80 (HTTP) and 443 (HTTPS), by DNS' };

const URL = 'http://edition.cnn.com/politics';

/** What `curl -s -o /dev/null -D -` prints, and what it does not. */
interface Answer {
  readonly status: number;
  readonly server: string | null;
  readonly location: string | null;
  readonly body: string;
}

/** Sleep with the world outside; what it calls arrives there or not at all. */
async function withSleep<Result>({ seeds }: ScenarioContext, play: (cluster: Cluster, outside: Outside) => Promise<Result>): Promise<Result> {
  return during(Outside.start(), async (outside) =>
    during(Cluster.start([await seeds.read(SLEEP.file)], {}, outside.way), (cluster) => play(cluster, outside)),
  );
}

async function curl(cluster: Cluster, init?: RequestInit): Promise<Answer> {
  const response = await cluster.pod('sleep').fetch(URL, init);
  return { status: response.status, server: response.headers.get('server'), location: response.headers.get('location'), body: await response.text() };
}

interface Closing {
  readonly open: Answer;
  readonly closed: Answer;
  readonly visits: readonly Visit[];
  /** What the mesh said of the call that it refused. */
  readonly advice: readonly string[];
  readonly calls: readonly MeshCall[];
}

export const b6: Scenario<Closing> = {
  id: 'B6',
  source: 'Bookinfo, 服务网格外的流量管理 (egress), REGISTRY_ONLY',
  title: 'Hosts outside the mesh',
  configured: [SLEEP, REGISTRY_ONLY],
  expected: 'ALLOW_ANY, the default, passes an unknown host through; under REGISTRY_ONLY it is 502 without a body, and nothing leaves',
  run(context) {
    return withSleep(context, async (cluster, outside) => {
      const open = await curl(cluster, { redirect: 'manual' });
      const advice: string[] = [];
      cluster.pod('sleep').mesh.on('blocked', ({ message }) => advice.push(message));
      await cluster.apply(await context.seeds.read(REGISTRY_ONLY.file));
      const closed = await curl(cluster, { redirect: 'manual' });
      context.note(`${JSON.stringify(open)}\n${JSON.stringify(closed)}\n${advice.join('\n')}`);
      return { open, closed, visits: outside.visits, advice, calls: cluster.calls };
    });
  },
  check({ open, closed, visits, advice, calls }) {
    return new Checklist()
      .equal('answer under ALLOW_ANY', [open.status, open.location], [301, 'https://edition.cnn.com/politics'])
      .equal('answer under REGISTRY_ONLY', [closed.status, closed.server, closed.body], [502, 'envoy', ''])
      .equal('what arrived outside', visits, [{ scheme: 'http', host: 'edition.cnn.com', path: '/politics' }])
      .matches('what would allow it', advice[0], /add a ServiceEntry for host edition\.cnn\.com, port 80/)
      .lean(calls)
      .verdict({ ALLOW_ANY: open.status, REGISTRY_ONLY: closed.status, 'calls that left': visits.length });
  },
};

interface Opening {
  readonly answers: readonly Answer[];
  readonly visits: readonly Visit[];
  readonly calls: readonly MeshCall[];
  /** Clusters that the connections of the call went by, from the access log. */
  readonly log: readonly string[];
}

export const b7: Scenario<Opening> = {
  id: 'B7',
  source: 'Bookinfo, 服务网格外的流量管理 (egress), ServiceEntry',
  title: 'A host that a ServiceEntry lets out',
  configured: [SLEEP, REGISTRY_ONLY, ENTRY],
  expected: 'http is answered 301, and following it through the mesh leads to 200 over https',
  run(context) {
    return withSleep(context, async (cluster, outside) => {
      await cluster.apply(await context.seeds.read(REGISTRY_ONLY.file));
      await cluster.apply(await context.seeds.read(ENTRY.file));
      const answers = [await curl(cluster, { redirect: 'manual' }), await curl(cluster)];
      const { mesh, log } = cluster.pod('sleep');
      // A connection is logged when it ends.
      await mesh.close();
      context.note(log.join('\n'));
      return { answers, visits: outside.visits, calls: cluster.calls, log };
    });
  },
  check({ answers, visits, calls, log }) {
    const [moved, followed] = answers;
    const clusters = log.flatMap((line) => /outbound\|\d+\|\|edition\.cnn\.com/.exec(line) ?? []);
    return new Checklist()
      .equal('answer to http', [moved?.status, moved?.location], [301, 'https://edition.cnn.com/politics'])
      .equal('answer after following it', [followed?.status, followed?.body], [200, 'politics'])
      .equal('what arrived outside', visits.map(({ scheme, path }) => `${scheme} ${path}`), ['http /politics', 'http /politics', 'https /politics'])
      .equal('lanes', calls.map(({ lane }) => lane), ['lean', 'connection'])
      .equal('clusters in the access log', clusters, ['outbound|80||edition.cnn.com', 'outbound|80||edition.cnn.com', 'outbound|443||edition.cnn.com'])
      .verdict({ http: moved?.status ?? 0, followed: followed?.status ?? 0, by: [...new Set(clusters)].join(', ') });
  },
};
