import type { Explanation } from '../common/explanation.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { Destination } from '../route/destination.ts';
import type { RequestHead } from '../route/model.ts';
import type { VariableSource } from '../route/variables.ts';
import type { RouteStats } from '../telemetry/route-stats.ts';
import type { Call } from './call-info.ts';
import type { Downstream } from './downstream.ts';
import type { EngineContext } from './engine-context.ts';
import type { LocalReply, ResponseHeaders } from './local-reply.ts';
import type { RequestBody } from './request-body.ts';
import type { Dialled } from './upstream-cluster.ts';

/** What a router brings to its cluster. */
export interface RoutedRequest extends Dialled {
  /** Changed on the way into what goes upstream. */
  readonly head: RequestHead;
  readonly body: RequestBody;
  /** Whether the caller speaks HTTP/2. */
  readonly http2?: boolean | undefined;
  /** When whoever asked stops waiting, by the engine's clock: no try goes on then. Absent: never. */
  readonly deadlineAtMs?: number | undefined;
  /** The protocol to go on with; its body and its answer's are in that then. See `Engine.dispatchUpgrade`. */
  readonly upgrade?: string | undefined;
  /** Whether it goes by the rules for calls to `https://` URLs: then the mesh speaks TLS where the destination's port does. */
  readonly https?: boolean | undefined;
  /** Absent in process, where there is no connection between caller and mesh. */
  readonly downstream?: Downstream | undefined;
}

/** The call that a router works for: exactly one of `answer`, `end`, `breakOff` and `fail` ends it. */
export interface RoutedCall extends VariableSource, Call {
  /** Why it goes where it goes. */
  explain(): Explanation;
  readonly engine: EngineContext;
  readonly snapshot: Snapshot;
  readonly request: RoutedRequest;
  readonly destination: Destination | undefined;
  /** Where a route with a `statPrefix` counts. */
  readonly routeStats: RouteStats | undefined;
  readonly isGrpc: boolean;
  /** The caller's IP address. */
  readonly callerAddress: string;
  /** What `x-forwarded-for` said that it is; absent: the same. */
  readonly forwardedAddress: string | undefined;
  readonly paused: boolean;
  /** Sum of `FLAG`s. */
  flags: number;
  /** Passes 1xx on. */
  inform(status: number, headers: ResponseHeaders, statusText: string | undefined): void;
  /** The response that the caller gets begins. */
  respond(status: number, headers: ResponseHeaders, statusText: string | undefined): void;
  data(chunk: Buffer): void;
  end(trailers: ResponseHeaders): void;
  /** Answers in the upstream's place. */
  answer(local: LocalReply): void;
  /** The response had begun: all that is left is to break it. */
  breakOff(flag: number, details: string, error: Error): void;
  /** Ends the call with an error, for the caller to see as it is. */
  fail(error: Error): void;
}
