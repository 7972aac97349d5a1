import type { Origin } from '../common/origin.ts';
import { FaultInjector } from './fault-injector.ts';
import { ForwardAction } from './forward-action.ts';
import type { RequestHead, RouteSpec } from './model.ts';
import { withoutQuery } from './path.ts';
import { ReplyAction } from './reply-action.ts';
import { RequestMatcher } from './request-matcher.ts';

/** One route of a virtual host, compiled: for which requests, and what happens to them. */
export class Route {
  /** What `%ROUTE_NAME%` logs. */
  readonly name: string | undefined;
  readonly spec: RouteSpec;
  readonly origin: Origin | undefined;
  readonly matcher: RequestMatcher;
  readonly action: ForwardAction | ReplyAction;
  /** To be asked before the action, whatever its kind; where there are tries, faults may be theirs instead: `ForwardAction.attemptFaults`. */
  readonly faults: FaultInjector | undefined;

  /** @throws {Error} for values that validation refuses: bad regular expressions, faults, header values. */
  constructor(spec: RouteSpec) {
    const { action } = spec;
    this.name = spec.name;
    this.spec = spec;
    this.origin = spec.origin;
    this.matcher = new RequestMatcher(spec.match);
    this.action = action.kind === 'forward' ? new ForwardAction(action, spec) : new ReplyAction(action, spec);
    const ofAttempts = this.action.kind === 'forward' && this.action.attemptFaults !== undefined;
    this.faults = spec.fault === undefined || ofAttempts ? undefined : new FaultInjector(spec.fault);
  }

  /** Whether all its conditions hold; an earlier route may still take the request. */
  matches(head: RequestHead): boolean {
    return this.matcher.matches(head, withoutQuery(head.path));
  }
}
