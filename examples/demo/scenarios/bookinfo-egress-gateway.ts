import { Outside, type Visit } from '../../outside/outside.ts';
import { during, settled } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import { Cluster } from '../cluster.ts';
import { Edge } from '../edge.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const SLEEP = { file: 'seeds/bookinfo/sleep.yaml', says: 'sleep, the caller' };
const GATEWAYS = { file: 'gateways/istio-gateways.yaml', says: 'the gateways of Istio\'s installation' };
const REGISTRY_ONLY = { file: 'seeds/bookinfo/configmap-istio.yaml', says: 'outboundTrafficPolicy: REGISTRY_ONLY' };
const HTTP_ENTRY = { file: 'seeds/bookinfo/cnn-service-entry.yaml', says: 'edition.cnn.com, ports 80 (HTTP) and 443 (HTTPS), by DNS' };
const GATEWAY = { file: 'seeds/bookinfo/cnn-egress-gateway.yaml', says: 'the egress gateway listens on 80 for edition.cnn.com' };
const TWO_HOPS = { file: 'seeds/bookinfo/cnn-virtual.yaml', says: 'from the mesh to the gateway, from the gateway to edition.cnn.com' };
const TLS_ENTRY = { file: 'seeds/bookinfo/cnn-https-service-entry.yaml', says: 'edition.cnn.com, port 443 (TLS)' };
const TLS_RULES = { file: 'seeds/bookinfo/cnn-https-service-rule.yaml', says: 'TLS PASSTHROUGH on 443, tls rules by SNI, in two hops' };

const PATH = 'edition.cnn.com/politics';

/** What `curl -s -o /dev/null -D -` prints. */
interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly body: string;
}

interface Leaving {
  /** `undefined`: the call failed. */
  readonly answers: readonly (Answer | undefined)[];
  readonly visits: readonly Visit[];
  /** Access logs of the caller and of the gateway. */
  readonly sleep: readonly string[];
  readonly gateway: readonly string[];
}

/** Calls from sleep, each after some rules were applied, with the egress gateway on the way if they say so. */
async function leave({ seeds, note }: ScenarioContext, scheme: string, steps: readonly (readonly { readonly file: string }[])[]): Promise<Leaving> {
  const edge = new Edge('istio-egressgateway');
  const manifests = await Promise.all([SLEEP, GATEWAYS].map(({ file }) => seeds.read(file)));
  return during(Outside.start(), (outside) =>
    during(Cluster.start(manifests, {}, edge.way(outside.way)), (cluster) =>
      during(edge.open(cluster), async () => {
        const { mesh, fetch, log } = cluster.pod('sleep');
        const answers: (Answer | undefined)[] = [];
        for (const files of steps) {
          for (const { file } of files) await cluster.apply(await seeds.read(file));
          await settled(() => !files.includes(GATEWAY) || edge.portOf(80) !== undefined);
          await settled(() => !files.includes(TLS_RULES) || edge.portOf(443) !== undefined);
          answers.push(await fetch(`${scheme}://${PATH}`, { redirect: 'manual' }).then(answerOf, () => undefined));
        }
        // A connection is logged when it ends.
        await mesh.close();
        await settled(() => edge.log.length > 0);
        note([...log, ...edge.log].join('\n'));
        return { answers, visits: outside.visits, sleep: log, gateway: edge.log };
      }),
    ),
  );
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, location: response.headers.get('location'), body: await response.text() };
}

const MOVED: Answer = { status: 301, location: 'https://edition.cnn.com/politics', body: '' };
const TO_GATEWAY = (port: number): string => `outbound|${port}|cnn|istio-egressgateway.istio-system.svc.cluster.local`;

export const b8: Scenario<Leaving> = {
  id: 'B8',
  source: 'Bookinfo, 服务网格外的流量管理 (egress gateway), HTTP',
  title: 'Out by the egress gateway',
  configured: [SLEEP, GATEWAYS, REGISTRY_ONLY, HTTP_ENTRY, GATEWAY, TWO_HOPS],
  expected: 'the caller gets the same answer as without the gateway, whose access log has the request',
  run: (context) => leave(context, 'http', [[REGISTRY_ONLY, HTTP_ENTRY], [GATEWAY, TWO_HOPS]]),
  check({ answers, visits, sleep, gateway }) {
    return new Checklist()
      .equal('answer without the gateway, and with it', answers, [MOVED, MOVED])
      .equal('what arrived outside', visits.length, 2)
      .equal('lines in the log of the gateway', gateway.length, 1)
      .matches('the request in the log of the gateway', gateway[0], /"GET \/politics HTTP\/1.1" 301 - via_upstream .*"edition\.cnn\.com" "[\d.]+:80" outbound\|80\|\|edition\.cnn\.com /)
      .holds('the caller went to the gateway', sleep[1]?.includes(` ${TO_GATEWAY(80)} `) === true, sleep[1])
      .verdict({ direct: answers[0]?.status ?? 0, 'by the gateway': answers[1]?.status ?? 0, 'lines in its log': gateway.length });
  },
};

export const b9: Scenario<Leaving> = {
  id: 'B9',
  source: 'Bookinfo, 服务网格外的流量管理 (egress gateway), HTTPS',
  title: 'TLS out by the egress gateway, untouched',
  configured: [SLEEP, GATEWAYS, REGISTRY_ONLY, TLS_ENTRY, TLS_RULES],
  expected: 'https fails until the host is registered; by the gateway it works too, and its log shows a connection with the name in the handshake',
  run: (context) => leave(context, 'https', [[REGISTRY_ONLY], [TLS_ENTRY], [TLS_RULES]]),
  check({ answers, visits, sleep, gateway }) {
    const clusters = sleep.flatMap((line) => /outbound\|443\|\S*/.exec(line) ?? []);
    return new Checklist()
      .equal('status before, when registered, by the gateway', answers.map((answer) => answer?.status), [undefined, 200, 200])
      .equal('what arrived outside', visits.map(({ scheme, path }) => `${scheme} ${path}`), ['https /politics', 'https /politics'])
      .equal('lines in the log of the gateway', gateway.length, 1)
      .matches('the connection in the log of the gateway', gateway[0], /"- - -" 0 - - - "-" \d+ \d+ .*"[\d.]+:443" outbound\|443\|\|edition\.cnn\.com .* edition\.cnn\.com -$/)
      .equal('clusters of the caller', clusters, ['outbound|443||edition.cnn.com', TO_GATEWAY(443)])
      .verdict({ unregistered: answers[0]?.status ?? 'failed', registered: answers[1]?.status ?? 0, 'by the gateway': answers[2]?.status ?? 0 });
  },
};
