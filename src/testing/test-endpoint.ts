import type { Dispatcher } from 'undici';
import { UpstreamAttempt } from '../engine/upstream-attempt.ts';
import type { RequestBody } from '../engine/request-body.ts';
import type { Random } from '../common/random.ts';
import type { ConnectTarget } from '../engine/dial.ts';
import { shownHeaders, shownPath, type CallLog } from './call-log.ts';
import type { WritableRecord } from './call-record.ts';
import { durationMs } from './duration-input.ts';
import type { FaultList } from './fault-list.ts';
import { MemoryService, type ServiceAnswer, type ServiceRequest } from './memory-service.ts';
import { assertAnswer, defaultAnswer, wholeAnswer, type ServedAt, type ServiceHandler } from './service-handler.ts';
import { AutoClock, type TestClock } from './test-clock.ts';

/** What the endpoints of a test mesh share. */
export interface EndpointWorld {
  readonly clock: TestClock;
  readonly log: CallLog;
  readonly faults: FaultList;
  readonly random: Random;
  /** Tells an arrival whose body is `body` to its call; `undefined`: it is a mirrored copy. @returns which try it is, and its rule */
  arrived(record: WritableRecord, body: RequestBody | undefined): number | undefined;
}

/** Which endpoint it is. */
export interface EndpointPlace {
  readonly host: string;
  readonly service: string;
  readonly subset: string;
}

/** One endpoint of a test mesh: keeps a record of what comes, and answers as faults and its handler say. */
export class TestEndpoint extends MemoryService {
  readonly #world: EndpointWorld;
  readonly #target: ConnectTarget;
  readonly #place: EndpointPlace;
  readonly #handler: ServiceHandler;

  constructor(world: EndpointWorld, target: ConnectTarget, place: EndpointPlace, handler: ServiceHandler = defaultAnswer) {
    super((request, by) => this.#serve(request, by));
    this.#world = world;
    this.#target = target;
    this.#place = place;
    this.#handler = handler;
  }

  async #serve(request: ServiceRequest, by: Dispatcher.DispatchHandler): Promise<ServiceAnswer> {
    const { clock, faults } = this.#world;
    const record = this.#record(request, by);
    const fault = faults.atEndpoint(this.#place, request);
    if (fault !== undefined && fault.delayMs > 0) await this.#pause(fault.delayMs);
    const answer = fault?.answer ?? (await this.#handle(request, record));
    record.answeredAtMs = clock.now();
    if (answer instanceof Error) throw answer;
    if (answer === 'hang' || answer === 'reset') {
      if (answer === 'hang') record.answeredAtMs = -1;
      return answer;
    }
    const whole = await wholeAnswer(answer);
    record.status = whole.status!;
    return fault === undefined ? whole : fault.spoil(whole, (ms) => this.#pause(ms));
  }

  async #handle(request: ServiceRequest, { attempt, endpoint }: WritableRecord): Promise<Awaited<ReturnType<ServiceHandler>>> {
    const { clock, random } = this.#world;
    const { service, subset } = this.#place;
    const at: ServedAt = { service, subset, endpoint: endpoint!, attempt, random, sleep: (time) => clock.sleep(time) };
    const act = (): ReturnType<ServiceHandler> => this.#handler(request, at);
    const answer: Awaited<ReturnType<ServiceHandler>> = await (clock instanceof AutoClock ? clock.holding(act) : act());
    assertAnswer(answer, service);
    if (typeof answer === 'object' && 'delay' in answer && answer.delay !== undefined) await this.#pause(durationMs(answer.delay));
    return answer;
  }

  #record(request: ServiceRequest, by: Dispatcher.DispatchHandler): WritableRecord {
    const { clock, log } = this.#world;
    const { address, port, cluster } = this.#target;
    const { service, subset } = this.#place;
    const record: WritableRecord = {
      service,
      subset,
      endpoint: `${address.includes(':') ? `[${address}]` : address}:${port}`,
      cluster,
      method: request.method,
      path: shownPath(request.path),
      headers: shownHeaders(Object.entries(request.headers)),
      attempt: 1,
      mirrored: false,
      status: 0,
      flags: '-',
      rule: '',
      startedAtMs: clock.now(),
      answeredAtMs: -1,
    };
    const attempt = this.#world.arrived(record, by instanceof UpstreamAttempt ? by.request.body : undefined);
    record.attempt = attempt ?? 1;
    record.mirrored = attempt === undefined;
    log.add(record);
    return record;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#world.clock.setTimeout(resolve, ms));
  }
}
