import { KimShop, type Balance } from '../../kim-shop/kim-shop.ts';
import { count, during, inTurn, showCounts } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import type { MeshCall } from '../pod.ts';
import type { Configured, Scenario, ScenarioContext } from '../scenario.ts';
import { GREETING_V1, GREETING_V2, SERVICES, SUBSETS } from './kim-rules.ts';

/** Answers in the order of the calls, and how many calls each version's socket took. */
interface Versions {
  readonly balances: readonly Balance[];
  readonly arrivals: { readonly v1: number; readonly v2: number };
  readonly calls: readonly MeshCall[];
}

async function watchVersions({ seeds, note }: ScenarioContext, rules: readonly Configured[], times: number): Promise<Versions> {
  return during(KimShop.start(seeds), async (shop) => {
    for (const { file } of rules) await shop.cluster.apply(await seeds.read(file));
    const balances = await inTurn(times, () => shop.queryBalance());
    note(balances.map((balance) => balance.version ?? balance.status).join(' '));
    const arrivals = { v1: shop.paymentV1.arrivals.length, v2: shop.paymentV2.arrivals.length };
    return { balances, arrivals, calls: shop.cluster.calls };
  });
}

/** All calls succeed with the texts of the walk-through, and the sockets saw as many calls as the answers say. */
function checkAnswers(checklist: Checklist, { balances, arrivals, calls }: Versions): Record<string, number> {
  const versions = count(balances.map((balance) => balance.version));
  const texts = balances.map(({ body }) => (typeof body === 'string' ? body : body.data));
  checklist
    .equal('statuses', count(balances.map((balance) => balance.status)), { 200: balances.length })
    .equal('texts other than the two greetings', texts.filter((text) => text !== GREETING_V1 && text !== GREETING_V2), [])
    .equal('arrivals at v1', arrivals.v1, versions['v1'] ?? 0)
    .equal('arrivals at v2', arrivals.v2, versions['v2'] ?? 0)
    .lean(calls);
  return versions;
}

export const k1: Scenario<Versions> = {
  id: 'K1',
  source: 'kim, 请求路由 (request routing)',
  title: 'A Service with two versions and no rules',
  configured: [SERVICES],
  expected: 'calls go to v1 and to v2, as the load balancer likes',
  run: (context) => watchVersions(context, [], 60),
  check(observation) {
    const checklist = new Checklist();
    const versions = checkAnswers(checklist, observation);
    checklist.share('calls answered by v1', versions['v1'] ?? 0, observation.balances.length, 0.5);
    return checklist.verdict({ answers: showCounts(versions) });
  },
};

const ALL_TO_V1 = { file: 'seeds/kim/virtual-service-all-v1.yaml', says: 'every call to subset v1' };

export const k2: Scenario<Versions> = {
  id: 'K2',
  source: 'kim, 请求路由 (request routing), steps 3-5',
  title: 'All calls to one version',
  configured: [SERVICES, SUBSETS, ALL_TO_V1],
  expected: 'every call is answered by v1',
  run: (context) => watchVersions(context, [SUBSETS, ALL_TO_V1], 20),
  check(observation) {
    const checklist = new Checklist();
    const versions = checkAnswers(checklist, observation);
    checklist.equal('answers by version', versions, { v1: observation.balances.length });
    return checklist.verdict({ answers: showCounts(versions), 'arrivals at v2': observation.arrivals.v2 });
  },
};

const CHENG_TO_V2 = { file: 'seeds/kim/vs-cheng-v2.yaml', says: 'end-user exactly cheng → v2, everybody else → v1' };

interface ByUser {
  readonly cheng: readonly Balance[];
  readonly jim: readonly Balance[];
  readonly calls: readonly MeshCall[];
}

export const k3: Scenario<ByUser> = {
  id: 'K3',
  source: 'kim, 根据用户身份进行路由 (routing by user)',
  title: 'Routing by who is asking',
  configured: [SERVICES, SUBSETS, CHENG_TO_V2],
  expected: 'cheng gets v2, jim gets v1',
  async run({ seeds }) {
    return during(KimShop.start(seeds), async (shop) => {
      for (const { file } of [SUBSETS, CHENG_TO_V2]) await shop.cluster.apply(await seeds.read(file));
      const cheng = await inTurn(10, () => shop.queryBalance('cheng'));
      const jim = await inTurn(10, () => shop.queryBalance('jim'));
      return { cheng, jim, calls: shop.cluster.calls };
    });
  },
  check({ cheng, jim, calls }) {
    const texts = (balances: readonly Balance[]) => count(balances.map(({ body }) => (typeof body === 'string' ? body : (body.data ?? body.code))));
    // Both carry cheng's token, as in the walk-through: only the header tells them apart.
    const checklist = new Checklist()
      .equal("cheng's answers", texts(cheng), { [GREETING_V2]: cheng.length })
      .equal("jim's answers", texts(jim), { [GREETING_V1]: jim.length })
      .lean(calls);
    const versions = (balances: readonly Balance[]) => showCounts(count(balances.map((balance) => balance.version ?? balance.status)));
    return checklist.verdict({ cheng: versions(cheng), jim: versions(jim) });
  },
};

const HALF_AND_HALF = { file: 'seeds/kim/vs-weight.yaml', says: 'v1 weight 50, v2 weight 50' };

export const k6: Scenario<Versions> = {
  id: 'K6',
  source: 'kim, 流量转移 (traffic shifting)',
  title: 'Half of the calls to each version',
  configured: [SERVICES, SUBSETS, HALF_AND_HALF],
  expected: 'a random split that tends to 50 % each, not a strict alternation',
  run: (context) => watchVersions(context, [SUBSETS, HALF_AND_HALF], 200),
  check(observation) {
    const { balances } = observation;
    const checklist = new Checklist();
    const versions = checkAnswers(checklist, observation);
    const changes = balances.filter((balance, index) => index > 0 && balance.version !== balances[index - 1]?.version).length;
    checklist
      .share('calls answered by v1', versions['v1'] ?? 0, balances.length, 0.5)
      // A coin changes sides every other time on average; strict alternation would every time.
      .share('changes from one version to the other', changes, balances.length - 1, 0.5);
    return checklist.verdict({ answers: showCounts(versions), 'changes of version': `${changes} of ${balances.length - 1}` });
  },
};
