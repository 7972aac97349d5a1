import { Bookinfo } from '../../bookinfo/bookinfo.ts';
import { count, during, settled, showCounts } from '../calls.ts';
import { Checklist } from '../checklist.ts';
import type { MeshCall } from '../pod.ts';
import type { Scenario } from '../scenario.ts';
import { SERVICES, SUBSETS } from './bookinfo-rules.ts';

const V3 = { file: 'seeds/bookinfo/virtual-service-reviews-v3.yaml', says: 'VirtualService reviews: all → v3' };
const EIGHTY_TWENTY = { file: 'seeds/bookinfo/virtual-service-reviews-80-20.yaml', says: 'the same one: v1 80, v2 20' };
const JASON_TO_V2 = { file: 'seeds/bookinfo/virtual-service-reviews-jason-v2-v3.yaml', says: 'the same one: jason → v2, else v3' };

/** How many pages are looked at under each set of rules: enough to see a version that gets 20 % of them. */
const PAGES = 60;
/** How many callers look at them, one page after the other. */
const CALLERS = 4;

interface Step {
  readonly command: string;
  /** What the calls showed that began after the command had returned. */
  readonly shows: Readonly<Record<string, number>>;
  /** `kubectl get virtualservices` after it. */
  readonly rules: readonly string[];
}

interface LiveRules {
  readonly steps: readonly Step[];
  /** Calls over the whole run, and those that did not end with reviews on the page. */
  readonly pages: number;
  readonly failed: readonly string[];
  readonly calls: readonly MeshCall[];
}

/** What may be shown after each command. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'no rules': ['v1', 'v2', 'v3'],
  'apply destination-rule-all': ['v1', 'v2', 'v3'],
  'apply reviews-v3': ['v3'],
  'delete virtualservice/reviews': ['v1', 'v2', 'v3'],
  'apply reviews-80-20': ['v1', 'v2'],
  'apply reviews-jason-v2-v3': ['v3'],
  'delete virtualservice/reviews again': ['v1', 'v2', 'v3'],
};

const RULED = new Set(['apply reviews-v3', 'apply reviews-80-20', 'apply reviews-jason-v2-v3']);

export const b15: Scenario<LiveRules> = {
  id: 'B15',
  source: 'Bookinfo, throughout',
  title: 'kubectl apply, get and delete under load',
  configured: [SERVICES, SUBSETS, V3, EIGHTY_TWENTY, JASON_TO_V2],
  expected: 'each command rules the calls that begin after it, and no call of a steady load is lost',
  async run({ seeds, note }) {
    return during(Bookinfo.start(seeds), async (bookinfo) => {
      const { cluster } = bookinfo;
      const failed: string[] = [];
      let pages = 0;
      let stopped = false;
      /** Of the step that runs now; a call notes what it shows in the list that was there when it began. */
      let shown: string[] = [];
      const caller = async (): Promise<void> => {
        while (!stopped) {
          const list = shown;
          const shows = await bookinfo.look().then((view) => (view.ratingsUnavailable ? 'no stars' : view.shows), String);
          pages++;
          list.push(shows);
          if (!/^v\d$/.test(shows)) failed.push(shows);
        }
      };
      const load = Array.from({ length: CALLERS }, caller);

      const steps: Step[] = [];
      const step = async (command: string, act: () => Promise<unknown>): Promise<void> => {
        await act();
        shown = [];
        await settled(() => shown.length >= PAGES, 20_000);
        steps.push({ command, shows: count(shown), rules: cluster.get('virtualservices') });
        note(`${command}: ${showCounts(count(shown))}; get virtualservices: ${cluster.get('virtualservices').join(' ') || 'none'}`);
      };
      const apply = async (file: string) => cluster.apply(await seeds.read(file));
      try {
        await step('no rules', async () => undefined);
        await step('apply destination-rule-all', () => apply(SUBSETS.file));
        await step('apply reviews-v3', () => apply(V3.file));
        await step('delete virtualservice/reviews', () => cluster.delete('virtualservice/reviews'));
        await step('apply reviews-80-20', () => apply(EIGHTY_TWENTY.file));
        await step('apply reviews-jason-v2-v3', () => apply(JASON_TO_V2.file));
        await step('delete virtualservice/reviews again', () => cluster.delete('virtualservice/reviews'));
      } finally {
        stopped = true;
        await Promise.all(load);
      }
      return { steps, pages, failed, calls: cluster.calls };
    });
  },
  check({ steps, pages, failed, calls }) {
    const checklist = new Checklist()
      .equal('calls lost', failed.length, 0)
      .equal('commands', steps.map(({ command }) => command), Object.keys(ALLOWED))
      .between('calls in all', pages, steps.length * PAGES, Infinity)
      .lean(calls);
    for (const { command, shows, rules } of steps) {
      checklist.equal(`versions after "${command}"`, Object.keys(shows).sort(), [...(ALLOWED[command] ?? [])]);
      checklist.equal(`rules after "${command}"`, rules, RULED.has(command) ? ['reviews'] : []);
    }
    return checklist.verdict({ pages, lost: failed.length, commands: steps.length });
  },
};
