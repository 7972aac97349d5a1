import type { OutlierDetectionOptions } from '../../src/cluster/model.ts';
import type { OutlierEvent } from '../../src/cluster/outlier-detector.ts';
import { OutlierStats } from '../../src/cluster/outlier-stats.ts';

/** One unit of the model's time, in milliseconds: all its times are multiples of this. */
export const TICK_MS = 10_000;

/** Options with times in ticks; absent as in Istio. */
export interface SlowOptions extends Omit<OutlierDetectionOptions, 'intervalMs' | 'baseEjectionTimeMs'> {
  readonly interval?: number | undefined;
  readonly base?: number | undefined;
}

type Detection = 'consecutive_5xx' | 'consecutive_gateway_failure' | 'consecutive_local_origin_failure';

interface SlowHost {
  /** Results since the last thing that sets the count back, newest last. */
  errors: string[];
  gateway: string[];
  local: string[];
  ejectedAt: number | undefined;
  backAt: number | undefined;
  multiplier: number;
}

/** Envoy's longest ejection, 300 s. */
const CAP = 30;

/**
 * Outlier detection as Istio's and Envoy's documents tell it, word by word, for whole units of time: no shortcut, no cleverness.
 * What the detector is compared with.
 */
export class SlowOutlierModel {
  readonly stats: { -readonly [name in keyof OutlierStats]: number } = new OutlierStats();
  readonly hosts = new Map<string, SlowHost>();
  now = 0;
  #options: SlowOptions;
  #sweepsSince = 0;

  constructor(options: SlowOptions) {
    this.#options = options;
  }

  /** Between sweeps. */
  get interval(): number {
    return this.#options.interval || 1;
  }

  get base(): number {
    return this.#options.base ?? 3;
  }

  get longest(): number {
    return Math.max(CAP, this.base);
  }

  get maxPercent(): number {
    return this.#options.maxEjectionPercent || 10;
  }

  add(name: string): void {
    this.hosts.set(name, { errors: [], gateway: [], local: [], ejectedAt: undefined, backAt: undefined, multiplier: 0 });
  }

  remove(name: string): void {
    if (this.hosts.get(name)?.ejectedAt !== undefined) this.stats.ejections_active--;
    this.hosts.delete(name);
  }

  /** Other options: counts and ejections stay; sweeps begin anew where they come in another rhythm. */
  update(options: SlowOptions): void {
    const before = this.interval;
    this.#options = options;
    if (this.interval !== before) this.#sweepsSince = this.now;
  }

  ejected(): readonly string[] {
    return [...this.hosts].filter(([, host]) => host.ejectedAt !== undefined).map(([name]) => name);
  }

  /** Lets time pass, one tick after the other. */
  advance(ticks: number): void {
    for (let i = 0; i < ticks; i++) {
      this.now++;
      if ((this.now - this.#sweepsSince) % this.interval === 0) this.#sweep();
    }
  }

  record(name: string, event: OutlierEvent): void {
    const host = this.hosts.get(name);
    if (host === undefined || host.ejectedAt !== undefined) return;
    const split = this.#options.splitExternalLocalOriginErrors ?? false;
    if (event === 'connect-success') {
      if (split) host.local = [];
    } else if (split && typeof event === 'string') {
      host.local.push(event);
      const most = this.#options.consecutiveLocalOriginFailures ?? 5;
      if (this.#isFull(host.local, most)) this.#detected(host, 'consecutive_local_origin_failure', true);
    } else if (typeof event === 'string') {
      this.#status(host, event === 'timeout' ? 504 : 503);
    } else {
      const { httpErrorCodes = [] } = this.#options;
      this.#status(host, httpErrorCodes.length === 0 ? event : httpErrorCodes.includes(event) ? 500 : 200);
    }
  }

  #status(host: SlowHost, status: number): void {
    if (status < 500) {
      host.errors = [];
      host.gateway = [];
      return;
    }
    const { consecutive5xxErrors = 5, consecutiveGatewayErrors } = this.#options;
    const gateway = [502, 503, 504].includes(status);
    host.gateway = gateway ? [...host.gateway, 'gateway error'] : [];
    host.errors.push('error');
    if (gateway && this.#isFull(host.gateway, consecutiveGatewayErrors ?? 5)) {
      // Counted at five where nothing is said, but only a number that was asked for ejects.
      this.#detected(host, 'consecutive_gateway_failure', consecutiveGatewayErrors !== undefined);
    }
    if (this.#isFull(host.errors, consecutive5xxErrors) && host.ejectedAt === undefined) this.#detected(host, 'consecutive_5xx', true);
  }

  /** Whether there are as many in a row as it takes, which empties the list; 0: it never is. */
  #isFull(list: string[], most: number): boolean {
    if (most === 0 || list.length < most) return false;
    list.splice(0);
    return true;
  }

  #detected(host: SlowHost, detection: Detection, ejects: boolean): void {
    const { stats } = this;
    stats[`ejections_detected_${detection}`]++;
    if (detection === 'consecutive_5xx') stats.ejections_consecutive_5xx++;
    if (((stats.ejections_active + 1) * 100) / this.hosts.size > this.maxPercent) {
      stats.ejections_overflow++;
      return;
    }
    if (detection === 'consecutive_5xx') stats.ejections_total++;
    if (!ejects) return;
    stats.ejections_active++;
    stats.ejections_enforced_total++;
    stats[`ejections_enforced_${detection}`]++;
    host.ejectedAt = this.now;
    if (host.multiplier * this.base < this.longest + this.base) host.multiplier++;
  }

  #sweep(): void {
    for (const host of this.hosts.values()) {
      if (host.ejectedAt === undefined) continue;
      const lasts = Math.min(this.base * host.multiplier, this.longest);
      if (this.now - host.ejectedAt < lasts) continue;
      host.ejectedAt = undefined;
      host.backAt = this.now;
      host.errors = [];
      host.gateway = [];
      host.local = [];
      this.stats.ejections_active--;
    }
    for (const host of this.hosts.values()) {
      if (host.ejectedAt !== undefined || host.backAt === undefined) continue;
      if (this.now - host.backAt >= this.interval && host.multiplier > 0) host.multiplier--;
    }
  }
}
