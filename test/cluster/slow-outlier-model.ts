import type { OutlierEvent } from '../../src/cluster/outlier-detector.ts';

/** Options of the model: nothing is left open. */
export interface SlowOptions {
  readonly consecutive5xx: number;
  /** 0: off. `undefined`: counted at five, never ejects. */
  readonly consecutiveGateway: number | undefined;
  readonly consecutiveLocal: number;
  readonly split: boolean;
  readonly maxPercent: number;
  readonly interval: number;
  readonly base: number;
  /** No ejection lasts longer, unless the base does. */
  readonly cap: number;
}

interface SlowHost {
  /** Results since the last thing that sets the count back, newest last. */
  errors: string[];
  gateway: string[];
  local: string[];
  ejectedAt: number | undefined;
  backAt: number | undefined;
  multiplier: number;
}

/**
 * Outlier detection as the semantics page tells it, word by word, for whole units of time: no shortcut, no cleverness. What
 * the detector is compared with.
 */
export class SlowOutlierModel {
  readonly counts = { active: 0, overflow: 0, enforced: 0, detected5xx: 0, detectedGateway: 0, detectedLocal: 0 };
  readonly hosts = new Map<string, SlowHost>();
  readonly #options: SlowOptions;
  #now = 0;

  constructor(options: SlowOptions) {
    this.#options = options;
  }

  add(name: string): void {
    this.hosts.set(name, { errors: [], gateway: [], local: [], ejectedAt: undefined, backAt: undefined, multiplier: 0 });
  }

  remove(name: string): void {
    if (this.hosts.get(name)?.ejectedAt !== undefined) this.counts.active--;
    this.hosts.delete(name);
  }

  ejected(): readonly string[] {
    return [...this.hosts].filter(([, host]) => host.ejectedAt !== undefined).map(([name]) => name);
  }

  /** Lets time pass, one unit after the other. */
  advance(units: number): void {
    for (let i = 0; i < units; i++) {
      this.#now++;
      if (this.#now % this.#options.interval === 0) this.#sweep();
    }
  }

  record(name: string, event: OutlierEvent): void {
    const host = this.hosts.get(name);
    if (host === undefined || host.ejectedAt !== undefined) return;
    const { split } = this.#options;
    if (event === 'connect-success') {
      if (split) host.local = [];
    } else if (split && typeof event === 'string') {
      host.local.push(event);
      if (host.local.length === this.#options.consecutiveLocal) {
        host.local = [];
        this.counts.detectedLocal++;
        this.#eject(host, this.#options.consecutiveLocal > 0);
      }
    } else {
      this.#status(host, event === 'timeout' ? 504 : event === 'connect-failure' ? 503 : event);
    }
  }

  #status(host: SlowHost, status: number): void {
    const { consecutive5xx, consecutiveGateway } = this.#options;
    if (status < 500) {
      host.errors = [];
      host.gateway = [];
      return;
    }
    const gateway = [502, 503, 504].includes(status);
    host.gateway = gateway ? [...host.gateway, 'gateway error'] : [];
    host.errors.push('error');
    if (gateway && host.gateway.length === (consecutiveGateway ?? 5)) {
      host.gateway = [];
      this.counts.detectedGateway++;
      this.#eject(host, consecutiveGateway !== undefined && consecutiveGateway > 0);
    }
    if (host.errors.length === consecutive5xx) {
      host.errors = [];
      if (host.ejectedAt !== undefined) return;
      this.counts.detected5xx++;
      this.#eject(host, consecutive5xx > 0);
    }
  }

  #eject(host: SlowHost, enforced: boolean): void {
    const share = ((this.counts.active + 1) * 100) / this.hosts.size;
    if (share > this.#options.maxPercent) {
      this.counts.overflow++;
    } else if (enforced) {
      this.counts.active++;
      this.counts.enforced++;
      host.ejectedAt = this.#now;
      if (host.multiplier * this.#options.base < this.#cap() + this.#options.base) host.multiplier++;
    }
  }

  #sweep(): void {
    for (const host of this.hosts.values()) {
      if (host.ejectedAt === undefined) continue;
      const lasts = Math.min(this.#options.base * host.multiplier, this.#cap());
      if (this.#now - host.ejectedAt < lasts) continue;
      host.ejectedAt = undefined;
      host.backAt = this.#now;
      host.errors = [];
      host.gateway = [];
      host.local = [];
      this.counts.active--;
    }
    for (const host of this.hosts.values()) {
      if (host.ejectedAt !== undefined || host.backAt === undefined) continue;
      if (this.#now - host.backAt >= this.#options.interval && host.multiplier > 0) host.multiplier--;
    }
  }

  #cap(): number {
    return Math.max(this.#options.cap, this.#options.base);
  }
}
