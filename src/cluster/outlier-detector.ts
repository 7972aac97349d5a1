import type { Host } from './host.ts';
import type { OutlierDetectionOptions } from './model.ts';
import { outlierSettings, type Detection, type OutlierSettings } from './outlier-settings.ts';
import { OutlierStats } from './outlier-stats.ts';

/**
 * What one attempt tells about its host: an HTTP status (a gRPC answer's: the status it maps to), or what happened
 * instead.
 *
 * `connect-success`: a connection was made or was there; counts only with `splitExternalLocalOriginErrors`.
 * `connect-failure`: no connection in time, or it broke. `timeout`: the route's or the attempt's.
 * An overflow of the circuit breaker says nothing about a host: don't record it.
 */
export type OutlierEvent = number | 'connect-success' | 'connect-failure' | 'timeout';

/**
 * Ejects hosts of one cluster that fail in a row, and lets them back.
 *
 * It decides at once; what a balancer sees of it goes through the host set's update window.
 *
 * Source: Istio `outlierDetection`; Envoy outlier detection.
 */
export class OutlierDetector {
  readonly stats = new OutlierStats();
  readonly #hosts = new Set<Host>();
  #settings: OutlierSettings;
  #nextSweepAt: number;

  /** @param now when the cluster came to be, in milliseconds: sweeps are counted from here. */
  constructor(options: OutlierDetectionOptions, now: number) {
    this.#settings = outlierSettings(options);
    this.#nextSweepAt = now + this.#settings.intervalMs;
  }

  /** Whether connections that were made count: `splitExternalLocalOriginErrors`. */
  get splits(): boolean {
    return this.#settings.split;
  }

  /** When {@link sweep} has something to do next, in milliseconds. */
  get nextSweepAt(): number {
    return this.#nextSweepAt;
  }

  /** Other options from `now` on. Counts and ejections stay. */
  update(options: OutlierDetectionOptions, now: number): void {
    const { intervalMs } = this.#settings;
    this.#settings = outlierSettings(options);
    if (this.#settings.intervalMs !== intervalMs) this.#nextSweepAt = now + this.#settings.intervalMs;
  }

  /** Watches `host`; it counts among those of which `maxEjectionPercent` may be ejected. */
  add(host: Host): void {
    if (this.#hosts.has(host)) return;
    this.#hosts.add(host);
    if (host.health.ejected) this.stats.ejections_active++;
  }

  /** Forgets `host`. */
  remove(host: Host): void {
    if (this.#hosts.delete(host) && host.health.ejected) this.stats.ejections_active--;
  }

  /** @returns `'ejected'` when this event ejected the host: tell the host set. */
  record(host: Host, event: OutlierEvent, now: number): 'ejected' | undefined {
    // What comes in late from a host that is already out changes nothing: its counts start anew when it is back.
    if (host.health.ejected || !this.#hosts.has(host)) return undefined;
    const { split } = this.#settings;
    switch (event) {
      case 'connect-success':
        if (split) host.health.consecutiveLocalOriginFailures = 0;
        break;
      case 'connect-failure':
        if (split) this.#localOriginFailure(host, now);
        else this.#response(host, 503, now);
        break;
      case 'timeout':
        if (split) this.#localOriginFailure(host, now);
        else this.#response(host, 504, now);
        break;
      default:
        this.#response(host, this.#judged(event), now);
    }
    return host.ejected ? 'ejected' : undefined;
  }

  /**
   * Runs every sweep that is due at `now`, each as of the time it was due. Ejections end only here, so in effect they last
   * until the first sweep after their time.
   *
   * @returns the hosts that are back: tell the host set.
   */
  sweep(now: number): readonly Host[] {
    const back: Host[] = [];
    while (this.#nextSweepAt <= now) {
      if (this.#skipIdleSweeps(now)) continue;
      this.#sweepOnce(this.#nextSweepAt, back);
      this.#nextSweepAt += this.#settings.intervalMs;
    }
    return back;
  }

  #sweepOnce(at: number, back: Host[]): void {
    const { intervalMs } = this.#settings;
    for (const host of this.#hosts) {
      const { health } = host;
      if (health.ejected) {
        if (at < this.#endOfEjection(host)) continue;
        health.ejected = false;
        health.unejectedAt = at;
        health.consecutive5xx = 0;
        health.consecutiveGatewayFailures = 0;
        health.consecutiveLocalOriginFailures = 0;
        this.stats.ejections_active--;
        back.push(host);
      } else if (health.backoff > 0 && health.unejectedAt !== undefined && at - health.unejectedAt >= intervalMs) {
        health.backoff--;
      }
    }
  }

  /** After a long rest with a short interval there may be millions of sweeps in which nothing happens: steps over them. */
  #skipIdleSweeps(now: number): boolean {
    const { intervalMs } = this.#settings;
    let busyAt = Infinity;
    for (const host of this.#hosts) {
      if (host.health.ejected) busyAt = Math.min(busyAt, this.#endOfEjection(host));
      else if (host.health.backoff > 0) return false;
    }
    if (busyAt <= this.#nextSweepAt) return false;
    const due = Math.floor((now - this.#nextSweepAt) / intervalMs) + 1;
    const idle = Math.ceil((busyAt - this.#nextSweepAt) / intervalMs);
    this.#nextSweepAt += Math.min(due, idle) * intervalMs;
    return true;
  }

  #endOfEjection({ health }: Host): number {
    const { baseMs, capMs } = this.#settings;
    return health.ejectedAt + Math.min(baseMs * health.backoff, capMs);
  }

  #judged(status: number): number {
    const { errorCodes } = this.#settings;
    return errorCodes === undefined ? status : errorCodes.has(status) ? 500 : 200;
  }

  #response(host: Host, status: number, now: number): void {
    const { health } = host;
    const { thresholds } = this.#settings;
    if (status < 500 || status > 599) {
      health.consecutive5xx = 0;
      health.consecutiveGatewayFailures = 0;
      return;
    }
    // Envoy looks at the gateway count first; when that ejects, the 5xx count no longer matters.
    if (status < 502 || status > 504) {
      health.consecutiveGatewayFailures = 0;
    } else if (isReached(++health.consecutiveGatewayFailures, thresholds.consecutive_gateway_failure)) {
      health.consecutiveGatewayFailures = 0;
      this.#detected(host, 'consecutive_gateway_failure', now);
    }
    if (isReached(++health.consecutive5xx, thresholds.consecutive_5xx)) {
      health.consecutive5xx = 0;
      this.#detected(host, 'consecutive_5xx', now);
    }
  }

  #localOriginFailure(host: Host, now: number): void {
    const { health } = host;
    if (!isReached(++health.consecutiveLocalOriginFailures, this.#settings.thresholds.consecutive_local_origin_failure)) return;
    health.consecutiveLocalOriginFailures = 0;
    this.#detected(host, 'consecutive_local_origin_failure', now);
  }

  #detected(host: Host, detection: Detection, now: number): void {
    const { health } = host;
    const { stats } = this;
    const { baseMs, capMs, enforced, maxPercent } = this.#settings;
    if (health.ejected) return;
    stats[`ejections_detected_${detection}`]++;
    if (detection === 'consecutive_5xx') stats.ejections_consecutive_5xx++;
    // Not rounded, and no "at least one": a small cluster with a small percentage never ejects.
    if ((100 * (stats.ejections_active + 1)) / this.#hosts.size > maxPercent) {
      stats.ejections_overflow++;
      return;
    }
    if (detection === 'consecutive_5xx') stats.ejections_total++;
    if (!enforced[detection]) return;
    stats.ejections_active++;
    stats.ejections_enforced_total++;
    stats[`ejections_enforced_${detection}`]++;
    health.ejected = true;
    health.ejectedAt = now;
    if (health.backoff * baseMs < capMs + baseMs) health.backoff++;
  }
}

/** Also beyond: a change of the options may leave a count above its new threshold. */
function isReached(count: number, threshold: number): boolean {
  return threshold > 0 && count >= threshold;
}
