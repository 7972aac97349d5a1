import type { DestinationSpec } from '../../istio-types.ts';
import type { AnalysedVirtualService } from '../analysed-specs.ts';

/** A destination of a VirtualService, with its place. */
export interface PlacedDestination {
  readonly destination: Partial<DestinationSpec>;
  readonly path: string;
  /** Whether Istio knows its line; it knows none of `mirrors`. */
  readonly isPlaced: boolean;
}

/** Where calls and connections go to. */
export function routeDestinations(spec: AnalysedVirtualService): PlacedDestination[] {
  return (['tcp', 'tls', 'http'] as const).flatMap((protocol) =>
    (spec[protocol] ?? []).flatMap(({ route = [] }, rule) =>
      route.map(({ destination = {} }, index) => ({ destination, path: `spec.${protocol}[${rule}].route[${index}].destination`, isPlaced: true })),
    ),
  );
}

/** Where copies go to. */
export function mirrorDestinations(spec: AnalysedVirtualService): PlacedDestination[] {
  return (spec.http ?? []).flatMap(({ mirror, mirrors = [] }, rule) => [
    ...(mirror === undefined ? [] : [{ destination: mirror, path: `spec.http[${rule}].mirror`, isPlaced: true }]),
    ...mirrors.map(({ destination = {} }, index) => ({ destination, path: `spec.http[${rule}].mirrors[${index}].destination`, isPlaced: false })),
  ]);
}
