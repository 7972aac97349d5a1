import type { Origin } from '../common/origin.ts';
import { HeaderEvaluator } from './header-operations.ts';
import type { HashPolicy, HeaderOperations, HeaderRules, RequestHead, RewriteOptions, RouteMatch, WeightedDestination } from './model.ts';
import { Rewrite } from './rewrite.ts';
import type { ResponseHeaders, VariableSource } from './variables.ts';

/** What the destinations of one route have in common. */
export interface RouteTreatment {
  readonly match: RouteMatch;
  /** The rule's own operations. */
  readonly headers?: HeaderRules;
  readonly rewrite?: RewriteOptions;
}

/**
 * One share of a forwarding route, with all that happens to a request on its way there and to the response on its way back.
 *
 * A lone destination's operations are merged with the rule's into one level, in which the destination's `set` wins. In a
 * split (also one of which weights of 0 leave a single choice) the destination's level runs first and whole, then the
 * rule's, so that the rule's `set` wins and its `remove` undoes the destination's.
 *
 * Source: Istio `processDestination`, `processWeightedDestination`; Envoy `WeightedClusterEntry::finalizeRequestHeaders`.
 */
export class Destination implements WeightedDestination {
  readonly cluster: string;
  readonly weight: number;
  readonly hashPolicy: HashPolicy | undefined;
  readonly origin: Origin | undefined;
  readonly #request: Levels;
  readonly #response: Levels;
  readonly #splitHost: string | undefined;
  readonly #rewrite: Rewrite | undefined;

  constructor(spec: WeightedDestination, { match, headers, rewrite }: RouteTreatment, isLone: boolean) {
    this.cluster = spec.cluster;
    this.weight = spec.weight;
    this.hashPolicy = spec.hashPolicy;
    this.origin = spec.origin;
    this.#request = levels(headers?.request, spec.headers?.request, isLone);
    this.#response = levels(headers?.response, spec.headers?.response, isLone);
    // A lone destination's Host is the route's, unless the rule has its own. In a split it is a plain Host of its level: it
    // leaves no x-envoy-original-host, and a rewrite by the rule then notes it as the old one.
    this.#splitHost = isLone ? undefined : spec.hostRewrite;
    const authority = rewrite?.authority || (isLone ? spec.hostRewrite : undefined);
    this.#rewrite = authority || rewrite ? new Rewrite({ ...rewrite, authority }, match) : undefined;
  }

  /** Whether header operations may add to a request. */
  get changesRequest(): boolean {
    return this.#request.first !== undefined || this.#request.second !== undefined;
  }

  /**
   * Changes `head` into what goes upstream: header operations, Host, path. Once per request; retries and mirrors send the
   * result again.
   *
   * @param keepsOld - whether the Host and path from before a rewrite stay in headers
   * @returns `false` when its path can't be rewritten in reasonable time; then it must not go on
   */
  prepareRequest(head: RequestHead, variables: VariableSource, keepsOld = true): boolean {
    this.#request.first?.applyToRequest(head, variables);
    if (this.#splitHost !== undefined) head.authority = this.#splitHost;
    this.#request.second?.applyToRequest(head, variables);
    return this.#rewrite === undefined || this.#rewrite.apply(head, keepsOld);
  }

  /**
   * Changes the headers of an upstream's response, or of a local reply that was made after this destination was chosen.
   *
   * @param request The head as it was sent on, or as it was when nothing was sent.
   */
  finishResponse(headers: ResponseHeaders, request: RequestHead, variables: VariableSource): void {
    this.#response.first?.applyToResponse(headers, request, variables);
    this.#response.second?.applyToResponse(headers, request, variables);
  }
}

interface Levels {
  /** The destination's, merged with the rule's for a lone one. */
  readonly first: HeaderEvaluator | undefined;
  /** The rule's, in a split. */
  readonly second: HeaderEvaluator | undefined;
}

function levels(rule: HeaderOperations | undefined, own: HeaderOperations | undefined, isLone: boolean): Levels {
  return isLone
    ? { first: evaluator(rule, own), second: undefined }
    : { first: evaluator(own), second: evaluator(rule) };
}

function evaluator(...operations: readonly (HeaderOperations | undefined)[]): HeaderEvaluator | undefined {
  const given = operations.filter((level) => level !== undefined);
  return given.length === 0 ? undefined : new HeaderEvaluator(given);
}
