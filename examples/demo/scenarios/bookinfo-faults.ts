import { Bookinfo, type PageView } from '../../bookinfo/bookinfo.ts';
import { atOnce, count, during, inTurn, showCounts } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import type { MeshCall } from '../pod.ts';
import type { Scenario } from '../scenario.ts';
import { NO_REVIEWS, SERVICES, SUBSETS } from './bookinfo-rules.ts';

/** A machine that is busy with other things may answer this much later, but never earlier than asked. */
const LATE_MS = 1000;
const EARLY_MS = 3;

const DELAY = {
  file: 'seeds/bookinfo/virtual-service-ratings-test-delay.yaml',
  says: 'fault: calls of jason to ratings wait 7 s, 10 % of them as printed, all of them as the prose has it',
};
const ABORT = {
  file: 'seeds/bookinfo/virtual-service-ratings-test-abort.yaml',
  says: 'fault: calls of jason to ratings get status 500, 10 % of them as printed, all of them as the prose has it',
};

/** The YAML prints 10 where the text around it says 100 %. */
const asTheProseSays = (text: string): string => text.replace('value: 10\n', 'value: 100\n');

interface Delay {
  readonly sevenMs: number;
  readonly sixMs: number;
  readonly described: string;
  /** How long each of jason's direct calls to ratings took, under the rule as printed. */
  readonly printedMs: readonly number[];
  /** jason's pages under the rule as the prose has it; reviews is free to be v1, v2 or v3. */
  readonly jason: readonly PageView[];
  readonly anonymous: readonly PageView[];
  readonly calls: readonly MeshCall[];
}

export const b4: Scenario<Delay> = {
  id: 'B4',
  source: 'Bookinfo, 延迟访问故障注入 (injecting a delay)',
  title: 'Ratings too slow for the page',
  configured: [SERVICES, SUBSETS, DELAY],
  expected: "for jason, productpage's own 6 s for reviews run out where reviews is v2 or v3; v1, which asks no ratings, is unaffected; so is everybody else",
  async run({ seeds, note }) {
    return during(Bookinfo.start(seeds, { reviewsTimeoutMs: seeds.ms(6000), ratingsTimeoutMs: seeds.ms(10_000) }), async (bookinfo) => {
      await bookinfo.cluster.apply(await seeds.read(SUBSETS.file));

      await bookinfo.cluster.apply(await seeds.read(DELAY.file));
      const printedMs = await atOnce(200, async () => {
        const startedAtMs = performance.now();
        const response = await bookinfo.reviews('v2').fetch('http://ratings:9080/ratings/0', { headers: { 'end-user': 'jason' } });
        await response.body?.cancel();
        return performance.now() - startedAtMs;
      });

      await bookinfo.cluster.apply(await seeds.read(DELAY.file, asTheProseSays));
      const cookie = await bookinfo.signIn('jason');
      const [jason, anonymous] = await Promise.all([atOnce(30, () => bookinfo.look(cookie)), inTurn(10, () => bookinfo.look())]);
      note(jason.map((view) => `${view.shows} after ${view.elapsedMs.toFixed(0)} ms`).join('\n'));
      return { sevenMs: seeds.ms(7000), sixMs: seeds.ms(6000), described: `${seeds.describe(7000)}, budget ${seeds.describe(6000)}`, printedMs, jason, anonymous, calls: bookinfo.cluster.calls };
    });
  },
  check({ sevenMs, sixMs, described, printedMs, jason, anonymous, calls }) {
    const shows = count(jason.map((view) => view.shows));
    const times = (text: string) => jason.filter((view) => view.shows === text).map((view) => view.elapsedMs);
    const waited = printedMs.filter((ms) => ms >= sevenMs - EARLY_MS).length;
    const checklist = new Checklist()
      .share('delayed calls under the rule as printed', waited, printedMs.length, 0.1)
      .equal("jason's pages with v2 or v3", (shows['v2'] ?? 0) + (shows['v3'] ?? 0), 0)
      .between("jason's pages with v1", shows['v1'] ?? 0, 1, jason.length - 1)
      .between("jason's pages without reviews", shows[NO_REVIEWS] ?? 0, 1, jason.length - 1)
      .between('the longest wait for v1, in ms', Math.max(0, ...times('v1')), 0, sixMs)
      .between('the shortest wait for a page without reviews, in ms', Math.min(...times(NO_REVIEWS)), sixMs - EARLY_MS, sixMs + LATE_MS)
      // No status: it was the page that gave up, not the mesh that refused.
      .equal('statuses of those pages', count(jason.filter((view) => view.shows === NO_REVIEWS).map((view) => view.page.reviews.status)), { 0: shows[NO_REVIEWS] ?? 0 })
      .equal('pages of others without reviews or stars', anonymous.filter((view) => view.shows === NO_REVIEWS || view.ratingsUnavailable).length, 0)
      .lean(calls);
    return checklist.verdict({
      delay: described,
      'as printed': `${waited} of ${printedMs.length} delayed`,
      jason: showCounts(shows),
      others: showCounts(count(anonymous.map((view) => view.shows))),
    });
  },
};

interface Abort {
  /** How many of jason's direct calls to ratings failed, under the rule as printed. */
  readonly printed: Readonly<Record<string, number>>;
  readonly jason: readonly PageView[];
  /** Calls that ratings saw while jason looked. */
  readonly arrivals: number;
  readonly anonymous: readonly PageView[];
  readonly calls: readonly MeshCall[];
}

export const b5: Scenario<Abort> = {
  id: 'B5',
  source: 'Bookinfo, 中断访问故障注入 (injecting an abort)',
  title: 'Ratings refused',
  configured: [SERVICES, SUBSETS, ABORT],
  expected: "jason's pages say at once that ratings are unavailable (reviews v2 and v3; v1 shows none anyway) and ratings is never called; others see stars",
  async run({ seeds }) {
    return during(Bookinfo.start(seeds), async (bookinfo) => {
      await bookinfo.cluster.apply(await seeds.read(SUBSETS.file));

      await bookinfo.cluster.apply(await seeds.read(ABORT.file));
      const statuses = await inTurn(200, async () => {
        const response = await bookinfo.reviews('v2').fetch('http://ratings:9080/ratings/0', { headers: { 'end-user': 'jason' } });
        await response.body?.cancel();
        return response.status;
      });

      await bookinfo.cluster.apply(await seeds.read(ABORT.file, asTheProseSays));
      const cookie = await bookinfo.signIn('jason');
      const before = bookinfo.ratingsV1.arrivals.length;
      const jason = await inTurn(30, () => bookinfo.look(cookie));
      const arrivals = bookinfo.ratingsV1.arrivals.length - before;
      const anonymous = await inTurn(30, () => bookinfo.look());
      return { printed: count(statuses), jason, arrivals, anonymous, calls: bookinfo.cluster.calls };
    });
  },
  check({ printed, jason, arrivals, anonymous, calls }) {
    const withoutStars = jason.filter((view) => view.ratingsUnavailable);
    const starred = (views: readonly PageView[]) => views.filter((view) => view.shows !== 'v1');
    const checklist = new Checklist()
      .share('refused calls under the rule as printed', printed['500'] ?? 0, 200, 0.1)
      .equal('all calls under the rule as printed', (printed['500'] ?? 0) + (printed['200'] ?? 0), 200)
      .equal("jason's pages that say ratings are unavailable", withoutStars.length, starred(jason).length)
      .between('of them, in all', withoutStars.length, 1, jason.length)
      .equal("jason's pages without reviews", jason.filter((view) => view.shows === NO_REVIEWS).length, 0)
      .between("jason's longest wait in ms", Math.max(...jason.map((view) => view.elapsedMs)), 0, LATE_MS)
      .equal('calls that reached ratings', arrivals, 0)
      .equal('pages of others that say so', anonymous.filter((view) => view.ratingsUnavailable).length, 0)
      .between('pages of others with stars', starred(anonymous).length, 1, anonymous.length)
      .equal('flags of the refusals', count(calls.filter((call) => call.status === 500).map((call) => call.flags)), { FI: withoutStars.length + (printed['500'] ?? 0) })
      .lean(calls);
    return checklist.verdict({
      'as printed': `${printed['500'] ?? 0} of 200 refused`,
      jason: `${withoutStars.length} pages without stars, ${jason.length - starred(jason).length} with v1`,
      'longest wait': `${Math.max(...jason.map((view) => view.elapsedMs)).toFixed(0)} ms`,
      'reached ratings': arrivals,
    });
  },
};
