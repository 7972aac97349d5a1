import { formatIssue } from '../../../src/index.ts';
import { KimShop, type Balance } from '../../kim-shop/kim-shop.ts';
import { during } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import type { MeshCall } from '../pod.ts';
import type { Scenario } from '../scenario.ts';
import { GREETING_V1, SERVICES, SUBSETS } from './kim-rules.ts';

/** A machine that is busy with other things may answer this much later, but never earlier. */
const LATE_MS = 1000;
/** Timers may fire a rounding error early. */
const EARLY_MS = 3;

const DELAY = { file: 'seeds/kim/vs-cheng-delay.yaml', says: 'fault: all calls of cheng wait 7 s (then 10 s)' };

interface Delays {
  readonly sevenMs: number;
  readonly readTimeoutMs: number;
  readonly cheng: Balance;
  readonly jim: Balance;
  /** cheng again, with a delay longer than the gateway's patience. */
  readonly chengAtTen: Balance;
  /** Calls that payment saw: cheng's first, jim's, and not cheng's second. */
  readonly arrivals: number;
  readonly calls: readonly MeshCall[];
  readonly described: string;
}

export const k4: Scenario<Delays> = {
  id: 'K4',
  source: 'kim, 故障注入 (fault injection), delay',
  title: 'One user is delayed',
  configured: [SERVICES, SUBSETS, DELAY],
  expected: "cheng waits 7 s and still gets his answer; others do not wait; at 10 s the gateway's own read timeout (9 s) comes first",
  async run({ seeds }) {
    return during(KimShop.start(seeds, { readTimeoutMs: seeds.ms(9000) }), async (shop) => {
      await shop.cluster.apply(await seeds.read(SUBSETS.file));
      await shop.cluster.apply(await seeds.read(DELAY.file));
      const [cheng, jim] = await Promise.all([shop.queryBalance('cheng'), shop.queryBalance('jim')]);
      await shop.cluster.apply(await seeds.read(DELAY.file, (text) => text.replace('fixedDelay: 7s', 'fixedDelay: 10s')));
      const chengAtTen = await shop.queryBalance('cheng');
      return {
        sevenMs: seeds.ms(7000),
        readTimeoutMs: seeds.ms(9000),
        cheng,
        jim,
        chengAtTen,
        arrivals: shop.paymentV1.arrivals.length,
        calls: shop.cluster.calls,
        described: seeds.describe(7000),
      };
    });
  },
  check({ sevenMs, readTimeoutMs, cheng, jim, chengAtTen, arrivals, calls, described }) {
    const checklist = new Checklist()
      .equal("cheng's answer", dataOf(cheng), GREETING_V1)
      .between("cheng's wait in ms", cheng.elapsedMs, sevenMs - EARLY_MS, sevenMs + LATE_MS)
      .equal("jim's answer", dataOf(jim), GREETING_V1)
      .between("jim's wait in ms", jim.elapsedMs, 0, sevenMs / 2)
      .equal('status at 10 s', chengAtTen.status, 500)
      .equal('message at 10 s', typeof chengAtTen.body === 'string' ? chengAtTen.body : chengAtTen.body.message, 'Read timed out')
      .between('wait at 10 s, in ms', chengAtTen.elapsedMs, readTimeoutMs - EARLY_MS, readTimeoutMs + LATE_MS)
      .equal('calls that reached payment', arrivals, 2)
      .holds('the delay is marked DI', calls.some((call) => call.flags === 'DI'), calls.map((call) => call.flags))
      .lean(calls);
    return checklist.verdict({
      delay: described,
      'cheng waited': seconds(cheng),
      'jim waited': seconds(jim),
      'at 10 s': `${chengAtTen.status} after ${seconds(chengAtTen)}`,
    });
  },
};

const ABORT = { file: 'seeds/kim/vs-cheng-abort.yaml', says: 'fault: all calls of cheng get status 500; the rule has no route' };

interface Abort {
  readonly cheng: Balance;
  readonly arrivalsAfterCheng: number;
  readonly jim: Balance;
  readonly calls: readonly MeshCall[];
  readonly warnings: readonly string[];
}

export const k5: Scenario<Abort> = {
  id: 'K5',
  source: 'kim, 故障注入 (fault injection), abort',
  title: 'One user is refused',
  configured: [SERVICES, SUBSETS, ABORT],
  expected: 'cheng gets 500 at once and no upstream is called; jim gets his answer; the rule without a route is accepted with a warning',
  async run({ seeds }) {
    return during(KimShop.start(seeds), async (shop) => {
      await shop.cluster.apply(await seeds.read(SUBSETS.file));
      const { warnings } = await shop.cluster.apply(await seeds.read(ABORT.file));
      const cheng = await shop.queryBalance('cheng');
      const arrivalsAfterCheng = shop.paymentV1.arrivals.length + shop.paymentV2.arrivals.length;
      const jim = await shop.queryBalance('jim');
      return { cheng, arrivalsAfterCheng, jim, calls: shop.cluster.calls, warnings: warnings.map(formatIssue) };
    });
  },
  check({ cheng, arrivalsAfterCheng, jim, calls, warnings }) {
    const checklist = new Checklist()
      .equal("cheng's status", cheng.status, 500)
      .equal("cheng's answer", cheng.body, 'fault filter abort')
      .between("cheng's wait in ms", cheng.elapsedMs, 0, LATE_MS)
      .equal("cheng's calls that reached payment", arrivalsAfterCheng, 0)
      .equal("jim's answer", dataOf(jim), GREETING_V1)
      .equal('flags of the refusal', calls.find((call) => call.status === 500)?.flags, 'FI')
      .matches('warning about the missing route', warnings.join('\n'), /vs-cheng-abort\.yaml:\d+:\d+: warning: .*fault but no route/)
      .lean(calls);
    return checklist.verdict({ cheng: `${cheng.status} after ${seconds(cheng)}`, 'reached payment': arrivalsAfterCheng, jim: jim.version ?? jim.status });
  },
};

const UC_DELAY = { file: 'seeds/kim/vs-uc-delay.yaml', says: 'fault: all calls to uc wait 3 s' };
const TIMEOUT = { file: 'seeds/kim/vs-timeout.yaml', says: 'calls to payment v2 have timeout: 0.5s' };

interface Timeouts {
  readonly halfMs: number;
  readonly fallbackMs: number;
  readonly before: Balance;
  readonly after: Balance;
  readonly calls: readonly MeshCall[];
  readonly described: string;
}

export const k7: Scenario<Timeouts> = {
  id: 'K7',
  source: 'kim, 设置请求超时 (request timeouts)',
  title: 'A timeout that comes before the fallback',
  configured: [SERVICES, SUBSETS, UC_DELAY, TIMEOUT],
  expected: "without the timeout payment's own fallback (after 1 s) answers 200; with it the caller gets 504, upstream request timeout, after 0.5 s",
  async run({ seeds }) {
    return during(KimShop.start(seeds, { ucTimeoutMs: seeds.ms(1000) }), async (shop) => {
      await shop.cluster.apply(await seeds.read(SUBSETS.file));
      await shop.cluster.apply(await seeds.read(UC_DELAY.file));
      const before = await shop.queryBalance();
      await shop.cluster.apply(await seeds.read(TIMEOUT.file));
      const after = await shop.queryBalance();
      return { halfMs: seeds.ms(500), fallbackMs: seeds.ms(1000), before, after, calls: shop.cluster.calls, described: seeds.describe(500) };
    });
  },
  check({ halfMs, fallbackMs, before, after, calls, described }) {
    const checklist = new Checklist()
      .equal('status without the timeout', before.status, 200)
      .matches('answer without the timeout', dataOf(before), /^Hello v[12], guest!/)
      .between('wait without the timeout, in ms', before.elapsedMs, fallbackMs - EARLY_MS, fallbackMs + LATE_MS)
      .equal('status with the timeout', after.status, 504)
      .equal('answer with the timeout', after.body, 'upstream request timeout')
      .between('wait with the timeout, in ms', after.elapsedMs, halfMs - EARLY_MS, halfMs + LATE_MS)
      .equal('flags of the timeout', calls.find((call) => call.status === 504)?.flags, 'UT')
      .lean(calls);
    return checklist.verdict({
      timeout: described,
      without: `${before.status} from the fallback after ${seconds(before)}`,
      with: `${after.status} after ${seconds(after)}`,
    });
  },
};

function dataOf({ body }: Balance): string | undefined {
  return typeof body === 'string' ? body : (body.data ?? `code ${body.code}`);
}

function seconds({ elapsedMs }: Balance): string {
  return `${(elapsedMs / 1000).toFixed(2)} s`;
}
