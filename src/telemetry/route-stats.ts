import { visitCodes } from './cluster-stats.ts';

/**
 * Statistics of the routes of one virtual host that share a `statPrefix`, under Envoy's names.
 *
 * Source: Envoy `ALL_ROUTE_STATS`, and what `CodeStatsImpl::chargeResponseStat` counts for routes.
 */
export class RouteStats {
  upstream_rq_retry = 0;
  upstream_rq_retry_limit_exceeded = 0;
  upstream_rq_retry_overflow = 0;
  upstream_rq_retry_success = 0;
  upstream_rq_timeout = 0;
  upstream_rq_total = 0;
  readonly #responses = new Map<number, number>();
  #completed = 0;

  /** Counts the answer that a caller got: `upstream_rq_503`, `upstream_rq_5xx`, `upstream_rq_completed`. */
  countResponse(status: number): void {
    this.#completed++;
    this.#responses.set(status, (this.#responses.get(status) ?? 0) + 1);
  }

  /** Calls `visit` with each counter, named as in Envoy after `vhost.<virtual host>.route.<statPrefix>.`. */
  visit(visit: (name: string, value: number) => void): void {
    for (const [name, value] of Object.entries(this)) visit(name, value as number);
    visitCodes('', this.#responses, visit);
    if (this.#completed > 0) visit('upstream_rq_completed', this.#completed);
  }
}
