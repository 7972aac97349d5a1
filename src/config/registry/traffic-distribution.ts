import type { TrafficDistribution } from './service.ts';

const ANNOTATION = 'networking.istio.io/traffic-distribution';
const NAMES: Readonly<Record<string, TrafficDistribution>> = {
  preferclose: 'same-zone',
  prefersamezone: 'same-zone',
  prefersamenode: 'same-node',
};

/**
 * What a Service's `trafficDistribution`, or the annotation that came before it, asks for. Only the annotation may be written
 * in any case.
 *
 * Source: istio `GetTrafficDistribution`.
 */
export function trafficDistribution(field: string | undefined, annotations: Readonly<Record<string, string>>): TrafficDistribution | undefined {
  if (field === 'PreferClose' || field === 'PreferSameZone') return 'same-zone';
  if (field === 'PreferSameNode') return 'same-node';
  return NAMES[annotations[ANNOTATION]?.toLowerCase() ?? ''];
}
