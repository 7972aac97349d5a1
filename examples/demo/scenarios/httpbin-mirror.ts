import { createHttpbin } from '../../httpbin/httpbin.ts';
import { count, during, inTurn, settled, showCounts } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import { Cluster } from '../cluster.ts';
import type { MeshCall, Pod } from '../pod.ts';
import type { Scenario } from '../scenario.ts';

const V1 = { file: 'seeds/bookinfo/httpbin-v1.yaml', says: 'httpbin v1' };
const V2 = { file: 'seeds/bookinfo/httpbin-v2.yaml', says: 'httpbin v2' };
const SERVICE = { file: 'seeds/bookinfo/httpbin-service.yaml', says: 'one Service for both' };
const SLEEP = { file: 'seeds/bookinfo/sleep-curl.yaml', says: 'sleep, the caller' };
const ALL_TO_V1 = { file: 'seeds/bookinfo/httpbin-all-v1.yaml', says: 'every call to subset v1' };
const MIRROR = { file: 'seeds/bookinfo/httpbin-mirror.yaml', says: 'every call to v1, a copy to v2 (mirror_percent: 100)' };

const CALLS = 10;

interface Mirroring {
  /** Lines that each version logged before the mirror was set up, and after. */
  readonly before: Logs;
  readonly after: Logs;
  /** `Host` that the answers of the second part name, so whose answers they are. */
  readonly answers: readonly string[];
  readonly calls: readonly MeshCall[];
}

interface Logs {
  readonly v1: readonly string[];
  readonly v2: readonly string[];
}

export const b14: Scenario<Mirroring> = {
  id: 'B14',
  source: 'Bookinfo, 流量镜像 (mirroring)',
  title: 'A copy of every call, in the old spelling',
  configured: [V1, V2, SERVICE, SLEEP, ALL_TO_V1, MIRROR],
  expected: 'first v1 alone logs the call; then both do, v2 with Host httpbin-shadow, and the caller gets the answer of v1',
  async run({ seeds, note }) {
    const manifests = await Promise.all([V1, V2, SERVICE, SLEEP].map(({ file }) => seeds.read(file)));
    return during(Cluster.start(manifests, { 'httpbin-v1': () => createHttpbin(), 'httpbin-v2': () => createHttpbin() }), async (cluster) => {
      const [v1, v2] = [cluster.pod('httpbin-v1'), cluster.pod('httpbin-v2')];
      const curl = async (): Promise<string> => {
        const response = await cluster.pod('sleep').fetch('http://httpbin:8000/headers');
        return ((await response.json()) as { headers: Record<string, string> }).headers['Host'] ?? `status ${response.status}`;
      };

      await cluster.apply(await seeds.read(ALL_TO_V1.file));
      await inTurn(CALLS, curl);
      const before = { v1: logOf(v1), v2: logOf(v2) };

      await cluster.apply(await seeds.read(MIRROR.file));
      const answers = await inTurn(CALLS, curl);
      await settled(() => v2.arrivals.length >= CALLS);
      const after = { v1: logOf(v1).slice(before.v1.length), v2: logOf(v2).slice(before.v2.length) };
      note(`v1:\n  ${after.v1.join('\n  ')}\nv2:\n  ${after.v2.join('\n  ')}`);
      return { before, after, answers, calls: cluster.calls };
    });
  },
  check({ before, after, answers, calls }) {
    const checklist = new Checklist()
      .equal('log of v1 before', count(before.v1), { 'GET /headers of httpbin:8000': CALLS })
      .equal('log of v2 before', count(before.v2), {})
      .equal('log of v1 after', count(after.v1), { 'GET /headers of httpbin:8000': CALLS })
      .equal('log of v2 after', count(after.v2), { 'GET /headers of httpbin-shadow:8000': CALLS })
      .equal('Host in the answers', count(answers), { 'httpbin:8000': CALLS })
      .lean(calls);
    return checklist.verdict({ 'v1 after': showCounts(count(after.v1)), 'v2 after': showCounts(count(after.v2)) });
  },
};

function logOf(pod: Pod): string[] {
  return pod.arrivals.map(({ method, path, host }) => `${method} ${path} of ${host}`);
}
