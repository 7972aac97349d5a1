import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nameKey } from '../../../src/config/change/names.ts';
import type { Service } from '../../../src/config/registry/service.ts';
import { hostDomains, serviceDomains } from '../../../src/config/routes/domains.ts';

it('has one key for all the names that callers have for a service', () => {
  const label = fc.constantFrom('a', 'B', 'default', 'svc', 'shop', 'cluster', 'local', 'com');
  const host = fc.oneof(
    fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
    fc.tuple(label, label).map(([name, namespace]) => `${name}.${namespace}.svc.cluster.local`),
    fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => `${labels.join('.')}.svc.cluster.local`),
    fc.constantFrom('10.0.0.1', '2001:db8::1', '::1'),
  );
  fc.assert(
    fc.property(host, fc.constantFrom('default', 'shop'), (name, namespace) => {
      const service: Service = { host: name, namespace, registry: 'kubernetes', ports: [], addresses: [], discovery: 'static', headless: false, aliases: [], exportTo: ['*'], endpoints: [], origin: { kind: '', namespace: '', name: '', path: '' } };
      for (const { all } of [serviceDomains(service, namespace, 'cluster.local'), hostDomains(name)]) {
        for (const domain of all) expect(nameKey(domain, namespace, 'cluster.local'), domain).toBe(nameKey(name, namespace, 'cluster.local'));
      }
    }),
    { numRuns: 1000 },
  );
});
