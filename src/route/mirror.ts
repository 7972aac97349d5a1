import { hits, type Random } from '../common/random.ts';
import { portStart } from './authority.ts';
import type { MirrorOptions } from './model.ts';

/**
 * A cluster that gets a copy of some requests; its answers are thrown away.
 *
 * Source: Istio `mirror`, `mirrors`; Envoy `RequestMirrorPolicy`.
 */
export class Mirror {
  readonly cluster: string;
  readonly options: MirrorOptions;

  constructor(options: MirrorOptions) {
    this.cluster = options.cluster;
    this.options = options;
  }

  /** Whether this request is copied. Each mirror draws for itself. */
  decide(random: Random): boolean {
    return hits(this.options.percentage, random);
  }
}

/**
 * `a` → `a-shadow`, `a:80` → `a-shadow:80`. Istio before 1.28 marked the Host of a copy so; today it is left alone.
 *
 * Source: Envoy `Router::Filter` shadow headers, `disable_shadow_host_suffix_append`.
 */
export function shadowAuthority(authority: string): string {
  const port = portStart(authority);
  return port === -1 ? `${authority}-shadow` : `${authority.slice(0, port)}-shadow${authority.slice(port)}`;
}
