import { Bookinfo, type PageView } from '../../bookinfo/bookinfo.ts';
import { abreast, count, during, inTurn, showCounts } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import type { MeshCall } from '../pod.ts';
import type { Scenario } from '../scenario.ts';
import { NO_REVIEWS, SERVICES, SUBSETS } from './bookinfo-rules.ts';

const ALL_TO_V3 = { file: 'seeds/bookinfo/virtual-service-reviews-v3.yaml', says: 'every call to reviews to subset v3' };

interface WithoutSubsets {
  readonly before: readonly PageView[];
  readonly arrivalsBefore: number;
  readonly callsBefore: readonly MeshCall[];
  readonly after: readonly PageView[];
  readonly calls: readonly MeshCall[];
}

export const b1: Scenario<WithoutSubsets> = {
  id: 'B1',
  source: 'Bookinfo, 不同服务版本访问规则 (routing to a version)',
  title: 'A subset that no DestinationRule declares',
  configured: [SERVICES, ALL_TO_V3, SUBSETS],
  expected: 'calls to reviews fail (503, no such cluster) until the DestinationRule is applied; then every page shows v3',
  async run({ seeds }) {
    return during(Bookinfo.start(seeds), async (bookinfo) => {
      await bookinfo.cluster.apply(await seeds.read(ALL_TO_V3.file));
      const before = await inTurn(5, () => bookinfo.look());
      const arrivalsBefore = (['v1', 'v2', 'v3'] as const).reduce((sum, version) => sum + bookinfo.reviews(version).arrivals.length, 0);
      const callsBefore = bookinfo.productpage.calls.filter((call) => call.url.includes('reviews'));
      await bookinfo.cluster.apply(await seeds.read(SUBSETS.file));
      const after = await inTurn(10, () => bookinfo.look());
      return { before, arrivalsBefore, callsBefore, after, calls: bookinfo.cluster.calls };
    });
  },
  check({ before, arrivalsBefore, callsBefore, after, calls }) {
    const answers = callsBefore.map(({ status, flags, cluster }) => `${status} ${flags} ${cluster}`);
    const checklist = new Checklist()
      .equal('pages before the DestinationRule', count(shown(before)), { [NO_REVIEWS]: before.length })
      .equal('answers before it', count(answers), { '503 NC outbound|9080|v3|reviews.default.svc.cluster.local': before.length })
      .equal('calls that reached reviews before it', arrivalsBefore, 0)
      .equal('pages after it', count(shown(after)), { v3: after.length })
      .lean(calls);
    return checklist.verdict({ before: callsBefore[0] ? `${callsBefore[0].status} ${callsBefore[0].flags}` : 'no call', after: showCounts(count(shown(after))) });
  },
};

const EIGHTY_TWENTY = { file: 'seeds/bookinfo/virtual-service-reviews-80-20.yaml', says: 'reviews v1 weight 80, v2 weight 20' };

interface Split {
  readonly views: readonly PageView[];
  readonly arrivals: Readonly<Record<string, number>>;
  readonly calls: readonly MeshCall[];
}

export const b2: Scenario<Split> = {
  id: 'B2',
  source: 'Bookinfo, 基于权重的服务访问规则 (routing by weight)',
  title: 'Weights 80 and 20',
  configured: [SERVICES, SUBSETS, EIGHTY_TWENTY],
  expected: 'pages without stars (v1) and with black ones (v2) about 4 : 1, never red ones (v3)',
  async run({ seeds }) {
    return during(Bookinfo.start(seeds), async (bookinfo) => {
      for (const { file } of [SUBSETS, EIGHTY_TWENTY]) await bookinfo.cluster.apply(await seeds.read(file));
      const views = await abreast(400, 4, () => bookinfo.look());
      const arrivals = Object.fromEntries((['v1', 'v2', 'v3'] as const).map((version) => [version, bookinfo.reviews(version).arrivals.length]));
      return { views, arrivals, calls: bookinfo.cluster.calls };
    });
  },
  check({ views, arrivals, calls }) {
    const shows = count(shown(views));
    const checklist = new Checklist()
      .share('pages with v1', shows['v1'] ?? 0, views.length, 0.8)
      .share('pages with v2', shows['v2'] ?? 0, views.length, 0.2)
      .equal('pages with v3', shows['v3'] ?? 0, 0)
      .equal('arrivals', arrivals, { v1: shows['v1'] ?? 0, v2: shows['v2'] ?? 0, v3: 0 })
      .lean(calls);
    return checklist.verdict({ pages: showCounts(shows), ratio: `${((shows['v1'] ?? 0) / (shows['v2'] ?? 0)).toFixed(1)} : 1` });
  },
};

const JASON_TO_V2 = { file: 'seeds/bookinfo/virtual-service-reviews-jason-v2-v3.yaml', says: 'end-user exactly jason → v2, everybody else → v3' };
const AND_OR = { file: 'seeds/bookinfo/match-uri-and-port.yaml', says: '(uri prefix and port 443) or end-user jason → v2; uri prefix alone → v3; else v1' };

/** The calls that show how match blocks add up, and the version that must answer. */
const MATCHES = [
  { url: 'http://wpcatalog:443/wpcatalog/reviews/0', user: undefined, version: 'v2', why: 'prefix and port' },
  { url: 'http://wpcatalog/wpcatalog/reviews/0', user: undefined, version: 'v3', why: 'prefix, but not the port' },
  { url: 'http://wpcatalog:443/reviews/0', user: undefined, version: 'v1', why: 'port, but not the prefix' },
  { url: 'http://wpcatalog/reviews/0', user: 'jason', version: 'v2', why: 'the other block' },
  { url: 'http://wpcatalog/wpcatalog/reviews/0', user: 'jason', version: 'v2', why: 'two rules match, the first wins' },
  { url: 'http://wpcatalog/reviews/0', user: 'jim', version: 'v1', why: 'neither block' },
] as const;

interface ByContent {
  readonly jason: readonly PageView[];
  readonly anonymous: readonly PageView[];
  /** Which version's socket took each of `MATCHES`. */
  readonly matches: readonly string[];
  readonly calls: readonly MeshCall[];
}

export const b3: Scenario<ByContent> = {
  id: 'B3',
  source: 'Bookinfo, 基于请求内容的服务访问规则 (routing by content)',
  title: 'Match blocks',
  configured: [SERVICES, SUBSETS, JASON_TO_V2, AND_OR],
  expected: 'signed in as jason v2, else v3; all conditions of one block, any block of several, the first rule that matches',
  async run({ seeds, note }) {
    const andOr = await seeds.read(AND_OR.file);
    return during(Bookinfo.start(seeds, { more: [andOr] }), async (bookinfo) => {
      for (const { file } of [SUBSETS, JASON_TO_V2]) await bookinfo.cluster.apply(await seeds.read(file));
      const cookie = await bookinfo.signIn('jason');
      const jason = await inTurn(10, () => bookinfo.look(cookie));
      const anonymous = await inTurn(10, () => bookinfo.look());

      const matches: string[] = [];
      for (const { url, user, why } of MATCHES) {
        const versions = ['v1', 'v2', 'v3'] as const;
        const before = versions.map((version) => bookinfo.reviews(version).arrivals.length);
        const response = await bookinfo.productpage.fetch(url, { headers: user === undefined ? {} : { 'end-user': user } });
        await response.body?.cancel();
        const version = versions.find((name, index) => bookinfo.reviews(name).arrivals.length > (before[index] ?? 0));
        matches.push(version ?? `nobody (${response.status})`);
        note(`${url}${user === undefined ? '' : ` as ${user}`} → ${matches.at(-1)} (${why})`);
      }
      return { jason, anonymous, matches, calls: bookinfo.cluster.calls };
    });
  },
  check({ jason, anonymous, matches, calls }) {
    const checklist = new Checklist()
      .equal("jason's pages", count(shown(jason)), { v2: jason.length })
      .equal('pages without signing in', count(shown(anonymous)), { v3: anonymous.length })
      .lean(calls);
    for (const [index, { url, user, version, why }] of MATCHES.entries()) {
      checklist.equal(`${url}${user === undefined ? '' : ` as ${user}`} (${why})`, matches[index], version);
    }
    const right = MATCHES.filter(({ version }, index) => matches[index] === version).length;
    return checklist.verdict({ jason: showCounts(count(shown(jason))), others: showCounts(count(shown(anonymous))), 'match blocks': `${right} of ${MATCHES.length} as expected` });
  },
};

function shown(views: readonly PageView[]): string[] {
  return views.map((view) => view.shows);
}
