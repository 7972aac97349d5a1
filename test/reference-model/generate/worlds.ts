import * as fc from 'fast-check';
import type { MeshConfig, Resource, Sidecar, World } from '../model/resources.ts';
import { blocks, destinationRules } from './destination-rules.ts';
import { focus, ofTargets, onHosts, toTargets } from './focus.ts';
import { services } from './services.ts';
import { virtualServices } from './virtual-services.ts';
import { compact, labels, maybe, metadata, oneOf, selector } from './vocabulary.ts';

const EGRESS_HOSTS = [
  '*/*',
  './*',
  'shop/*',
  'default/*',
  './a.default.svc.cluster.local',
  '*/a.shop.svc.cluster.local',
  '*/*.example.com',
  'default/*.svc.cluster.local',
  'shop/api.example.com',
  '*/api.example.com',
  '*/alias.internal',
  'istio-system/*',
] as const;

const egressHosts = fc.uniqueArray(oneOf(EGRESS_HOSTS), { minLength: 1, maxLength: 3 });

const sidecars: fc.Arbitrary<Sidecar[]> = fc
  .array(
    fc.record({
      metadata,
      ofRoot: oneOf([false, false, true]),
      selector: maybe(selector, 1),
      ported: fc.uniqueArray(fc.tuple(oneOf([80, 8080]), egressHosts), { maxLength: 2, selector: ([port]) => port }),
      rest: fc.oneof({ weight: 5, arbitrary: egressHosts }, { weight: 1, arbitrary: fc.constant(['~/*']) }),
      hasRest: oneOf([true, true, true, false]),
      outbound: maybe(oneOf(['ALLOW_ANY', 'REGISTRY_ONLY']), 1),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) =>
    all.map(({ metadata: own, ofRoot, selector: wanted, ported, rest, hasRest, outbound }, index) =>
      compact({
        kind: 'Sidecar' as const,
        metadata: { ...own, ...(ofRoot ? { namespace: 'istio-system' } : {}), name: `sc-${'cab'[index] ?? ''}` },
        spec: {
          workloadSelector: wanted === undefined ? undefined : { labels: wanted },
          outboundTrafficPolicy: outbound === undefined ? undefined : { mode: outbound },
          egress: [
            ...ported.map(([number, hosts]) => ({ port: { number, protocol: 'HTTP', name: `http-${String(number)}` }, hosts })),
            ...(hasRest || ported.length === 0 ? [{ hosts: rest }] : []),
          ],
        },
      }),
    ),
  );

const mesh: fc.Arbitrary<MeshConfig> = fc
  .record({
    mode: maybe(oneOf(['ALLOW_ANY', 'REGISTRY_ONLY']), 2),
    rootNamespace: maybe(fc.constant('shop'), 0.3),
    connectTimeout: maybe(fc.constant('3s'), 0.5),
    defaultHttpRetryPolicy: maybe(oneOf([{ attempts: 0 }, { attempts: 4, retryOn: '5xx' }]), 0.5),
    defaultTrafficPolicy: maybe(blocks.map(({ connectionPool, outlierDetection }) => ({ connectionPool, outlierDetection })), 0.5),
    defaultServiceExportTo: maybe(fc.constant(['.']), 0.2),
    defaultVirtualServiceExportTo: maybe(fc.constant(['.']), 0.3),
    defaultDestinationRuleExportTo: maybe(fc.constant(['.']), 0.3),
    normalization: maybe(oneOf(['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES', 'DEFAULT']), 1),
  })
  .map(({ mode, normalization, ...rest }) =>
    compact({ ...rest, outboundTrafficPolicy: mode === undefined ? undefined : { mode }, pathNormalization: normalization === undefined ? undefined : { normalization } }),
  );

/** Configurations in which rules meet; without a Sidecar in most. Unbiased: short lists are no more interesting than others. */
export const worlds: fc.Arbitrary<World> = fc
  .noBias(fc.record({
    services,
    virtualServices,
    destinationRules,
    focus: maybe(focus, 5),
    sidecars: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: sidecars }),
    mesh: fc.oneof({ weight: 1, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: mesh }),
    caller: fc.record({
      namespace: fc.oneof({ weight: 6, arbitrary: fc.constant('default') }, { weight: 4, arbitrary: fc.constant('shop') }, { weight: 1, arbitrary: oneOf(['other', 'istio-system']) }),
      labels,
    }),
  }))
  .map(({ focus: on, virtualServices: rules, destinationRules: policies, ...others }) => ({
    ...others,
    rules: on === undefined ? rules : rules.map((rule) => toTargets(on, onHosts(on, rule))),
    policies: on === undefined ? policies : ofTargets(on, policies),
  }))
  .map(({ services: registered, rules, policies, sidecars: scopes, mesh: settings, caller }) => ({
    resources: byNameWithoutTime([...registered, ...rules, ...policies, ...scopes]),
    mesh: settings,
    caller,
  }));

/** Resources without time stamps are of the same age: ts-mesh takes them in the order of the documents, so that is their order by name, as for Istio. */
function byNameWithoutTime(resources: readonly Resource[]): Resource[] {
  const timeless = resources.filter(({ metadata: { creationTimestamp } }) => creationTimestamp === undefined);
  const key = ({ metadata: { name, namespace = 'default' } }: Resource): string => `${name} ${namespace}`;
  return [...resources.filter((resource) => !timeless.includes(resource)), ...timeless.sort((a, b) => (key(a) < key(b) ? -1 : 1))];
}
