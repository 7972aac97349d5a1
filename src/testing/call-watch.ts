import { getHeader } from '../common/headers.ts';
import { formatOrigin } from '../common/origin.ts';
import type { RequestBody } from '../engine/request-body.ts';
import type { RequestWalk } from '../engine/request-walk.ts';
import { hostOf } from '../route/authority.ts';
import { FLAG, formatFlags } from '../telemetry/response-flags.ts';
import { shownHeaders, shownPath, type CallLog } from './call-log.ts';
import type { WritableRecord } from './call-record.ts';
import type { RouteCoverage } from './coverage.ts';
import type { FaultList } from './fault-list.ts';
import { plantRouteFault } from './route-faults.ts';
import { clusterParts, shortName } from './service-names.ts';
import { AutoClock, type TestClock } from './test-clock.ts';
import type { TestDoor } from './test-dispatcher.ts';

/** What a watch writes to and asks. */
export interface WatchedWorld {
  readonly clock: TestClock;
  readonly log: CallLog;
  readonly faults: FaultList;
  readonly coverage: RouteCoverage;
}

/** A call under way, and what arrived of it. */
interface Entry {
  readonly walk: RequestWalk;
  readonly records: WritableRecord[];
}

/** Copies may arrive when their call is over: so many calls are remembered for them. */
const MAX_COPIED = 256;

/** Brings together what a caller asked for and what arrived at endpoints. */
export class CallWatch {
  readonly #world: WatchedWorld;
  readonly #namespace: string;
  /** The body is what a call and its tries share. */
  readonly #byBody = new WeakMap<RequestBody, Entry>();
  /** Calls whose route has mirrors, by request id: what they share with their copies. */
  readonly #copied = new Map<string, RequestWalk>();

  constructor(world: WatchedWorld, namespace: string) {
    this.#world = world;
    this.#namespace = namespace;
  }

  /** A call begins. */
  begin(): ReturnType<TestDoor['begin']> {
    const { clock, faults } = this.#world;
    const auto = clock instanceof AutoClock ? clock : undefined;
    const endWait = auto?.waits();
    let restoreRoute: (() => void) | undefined;
    let entry: Entry | undefined;
    let isOver = false;
    return {
      onWalk: (walk) => {
        entry = { walk, records: [] };
        this.#byBody.set(walk.request.body, entry);
        if (faults.hasRouteFaults) restoreRoute = plantRouteFault(walk, (route) => faults.atRoute(route, requestOf(walk)));
      },
      begun: () => {
        restoreRoute?.();
        restoreRoute = undefined;
        if (entry !== undefined) this.#expectCopies(entry.walk);
      },
      onOver: () => {
        if (isOver) return;
        isOver = true;
        restoreRoute?.();
        endWait?.();
        if (entry !== undefined) this.#over(entry);
      },
      touch: () => auto?.touch(),
    };
  }

  /** @returns which try of its call it is; `undefined` for a copy */
  arrived(record: WritableRecord, body: RequestBody | undefined): number | undefined {
    const entry = body === undefined ? undefined : this.#byBody.get(body);
    if (entry !== undefined) {
      record.rule = ruleOf(entry.walk);
      return entry.records.push(record);
    }
    const route = this.#copied.get(record.headers['x-request-id'] ?? '')?.route;
    if (route !== undefined) {
      record.rule = route.origin === undefined ? '' : formatOrigin(route.origin);
      this.#world.coverage.reachMirror(route.spec, record.cluster!);
    }
    return undefined;
  }

  #expectCopies(walk: RequestWalk): void {
    const { route, request } = walk;
    const id = getHeader(request.head.headers, 'x-request-id');
    if (id === undefined || route?.action.kind !== 'forward' || route.action.mirrors.length === 0) return;
    const [oldest] = this.#copied.keys();
    if (this.#copied.size >= MAX_COPIED) this.#copied.delete(oldest!);
    this.#copied.set(id, walk);
  }

  #over({ walk, records }: Entry): void {
    const flags = formatFlags(walk.flags);
    for (const record of records) record.flags = flags;
    if (records.length === 0) this.#world.log.add(this.#unarrived(walk, flags));
    const { route } = walk;
    if (route === undefined) return;
    const isAborted = (walk.flags & FLAG.FI) !== 0;
    this.#world.coverage.reach(route.spec, { cluster: isAborted ? undefined : walk.destination?.cluster, delayed: (walk.flags & FLAG.DI) !== 0, aborted: isAborted });
  }

  /** The record of a call that came to no endpoint. */
  #unarrived(walk: RequestWalk, flags: string): WritableRecord {
    const { method, path, headers } = requestOf(walk);
    const cluster = walk.destination?.cluster;
    const { host, subset } = cluster === undefined || cluster === '' ? { host: hostOf(walk.request.head.authority), subset: '' } : clusterParts(cluster);
    const now = this.#world.clock.now();
    return {
      service: shortName(host, this.#namespace),
      subset,
      endpoint: undefined,
      cluster,
      method,
      path: shownPath(path),
      headers: shownHeaders(Object.entries(headers)),
      attempt: 0,
      mirrored: false,
      status: walk.status,
      flags,
      rule: ruleOf(walk),
      startedAtMs: walk.startedAtMs,
      answeredAtMs: now,
    };
  }
}

function ruleOf({ route }: RequestWalk): string {
  return route?.origin === undefined ? 'no rule' : formatOrigin(route.origin);
}

function requestOf({ request: { head } }: RequestWalk): { readonly method: string; readonly path: string; readonly headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < head.headers.length; i += 2) headers[head.headers[i]!.toLowerCase()] = head.headers[i + 1]!;
  return { method: head.method, path: head.path, headers };
}
