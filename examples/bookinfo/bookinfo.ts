import { Cluster } from '../demo/cluster.ts';
import type { Pod } from '../demo/pod.ts';
import type { RuleFile, Seeds } from '../demo/seeds.ts';
import { createDetails } from './details.ts';
import { createProductpage, type Page } from './productpage.ts';
import { createRatings } from './ratings.ts';
import { createReviews, type ReviewsVersion } from './reviews.ts';

export interface BookinfoOptions {
  /** How long productpage waits for reviews. Default 6000, hard-coded in the walk-through. */
  readonly reviewsTimeoutMs?: number;
  /** How long reviews waits for ratings. Default 10000, hard-coded in the walk-through. */
  readonly ratingsTimeoutMs?: number;
  /** Further Services and Deployments. */
  readonly more?: readonly RuleFile[];
}

/** One look at the page. */
export interface PageView {
  readonly page: Page;
  /** Which reviews are shown: `v1` (no stars), `v2` (black), `v3` (red), or why there are none. */
  readonly shows: string;
  /** Whether the stars could not be had. */
  readonly ratingsUnavailable: boolean;
  readonly elapsedMs: number;
}

/** The sample application, running. */
export class Bookinfo implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly productpage: Pod;
  readonly ratingsV1: Pod;

  private constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.productpage = cluster.pod('productpage-v1');
    this.ratingsV1 = cluster.pod('ratings-v1');
  }

  static async start(seeds: Seeds, { reviewsTimeoutMs = 6000, ratingsTimeoutMs = 10_000, more = [] }: BookinfoOptions = {}): Promise<Bookinfo> {
    const reviews = (version: ReviewsVersion) => ({ fetch }: Pod) => createReviews({ version, fetch, ratingsTimeoutMs });
    const cluster = await Cluster.start([await seeds.read('bookinfo/bookinfo.yaml'), ...more], {
      'productpage-v1': ({ fetch }) => createProductpage({ fetch, reviewsTimeoutMs }),
      'details-v1': () => createDetails(),
      'reviews-v1': reviews('v1'),
      'reviews-v2': reviews('v2'),
      'reviews-v3': reviews('v3'),
      'ratings-v1': () => createRatings(),
      'ratings-v2': () => createRatings(),
    });
    return new Bookinfo(cluster);
  }

  reviews(version: ReviewsVersion): Pod {
    return this.cluster.pod(`reviews-${version}`);
  }

  /** Signs in, as the page's form does; gives the cookie to look at pages with. */
  async signIn(username: string): Promise<string> {
    const body = new URLSearchParams({ username });
    const response = await fetch(`http://${this.productpage.address}/login`, { method: 'POST', body, redirect: 'manual' });
    return response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
  }

  /** Looks at the page over its socket, from outside the mesh, as a browser does. */
  async look(cookie = ''): Promise<PageView> {
    const startedAtMs = performance.now();
    const response = await fetch(`http://${this.productpage.address}/productpage`, { headers: { accept: 'application/json', cookie } });
    const page = (await response.json()) as Page;
    const elapsedMs = performance.now() - startedAtMs;
    const { reviews } = page;
    if ('error' in reviews) return { page, shows: reviews.error, ratingsUnavailable: false, elapsedMs };
    const ratings = reviews.data.reviews.map((review) => review.rating);
    const ratingsUnavailable = ratings.some((rating) => rating !== undefined && 'error' in rating);
    return { page, shows: reviews.data.version, ratingsUnavailable, elapsedMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }
}
