import { describe, expect, it } from 'vitest';
import { SHRUNK } from '../../examples/demo/arguments.ts';
import { play } from '../../examples/demo/scenario.ts';
import { SCENARIOS } from '../../examples/demo/scenarios/index.ts';
import { Seeds, type Tamper } from '../../examples/demo/seeds.ts';

interface Breakage {
  readonly id: string;
  /** What is done to the rules, in words. */
  readonly what: string;
  /** End of the file's name. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** What the failure must name. */
  readonly says: RegExp;
}

const HEADER_RULE = (operation: string): string => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: httpbin}
spec:
  hosts: [httpbin]
  http:
  - route: [{destination: {host: httpbin}}]
    headers: ${operation}
`;

// A scenario that passes whatever the rules say shows nothing. Here each rule is broken on purpose.
const BREAKAGES: readonly Breakage[] = [
  { id: 'K1', what: 'the Service does not select v2', file: 'kim-shop.yaml', from: '      labels: {app: kim-payment-service, version: 2.0-SNAPSHOT}', to: '      labels: {app: other, version: 2.0-SNAPSHOT}', says: /calls answered by v1, of 60: expected \d+ to \d+, observed 60/ },
  { id: 'K2', what: 'another subset', file: 'virtual-service-all-v1.yaml', from: 'subset: v1', to: 'subset: v2', says: /answers by version: expected \{ v1: 20 \}, observed \{ v2: 20 \}/ },
  { id: 'K2', what: 'labels that nothing has', file: 'kim-destination-rule-all.yaml', from: '1.0-SNAPSHOT', to: '3.0-SNAPSHOT', says: /statuses: expected .*200.*, observed .*503/ },
  { id: 'K3', what: 'another user', file: 'vs-cheng-v2.yaml', from: 'exact: cheng', to: 'exact: jim', says: /cheng's answers: expected .*Hello v2.*, observed .*Hello v1/ },
  { id: 'K4', what: 'no call is delayed', file: 'vs-cheng-delay.yaml', from: 'value: 100', to: 'value: 0', says: /cheng's wait in ms: expected 1397 to 2400, observed/ },
  { id: 'K4', what: 'everybody is delayed', file: 'vs-cheng-delay.yaml', from: 'exact: cheng', to: 'regex: cheng|jim', says: /jim's wait in ms/ },
  { id: 'K5', what: 'another status', file: 'vs-cheng-abort.yaml', from: 'httpStatus: 500', to: 'httpStatus: 503', says: /cheng's status: expected 500, observed 503/ },
  { id: 'K5', what: 'no call is aborted', file: 'vs-cheng-abort.yaml', from: 'value: 100', to: 'value: 0', says: /cheng's/ },
  { id: 'K6', what: 'other weights', file: 'vs-weight.yaml', from: 'subset: v2\n          weight: 50', to: 'subset: v2\n          weight: 450', says: /calls answered by v1, of 200: expected 65 to 135/ },
  { id: 'K7', what: 'a longer timeout', file: 'vs-timeout.yaml', from: 'timeout: 0.5s', to: 'timeout: 5s', says: /status with the timeout: expected 504, observed 200/ },
  { id: 'K7', what: 'uc is quick', file: 'vs-uc-delay.yaml', from: 'fixedDelay: 3s', to: 'fixedDelay: 0.01s', says: /answer without the timeout/ },
  { id: 'K8', what: 'room for more pending calls', file: 'circuit-breaking.yaml', from: 'http1MaxPendingRequests: 1', to: 'http1MaxPendingRequests: 10', says: /503s for three callers: expected 1 to 28, observed 0/ },
  { id: 'K8', what: 'connections are kept', file: 'circuit-breaking.yaml', from: 'maxRequestsPerConnection: 1', to: 'maxRequestsPerConnection: 10', says: /connections, one for each served call/ },
  { id: 'K8', what: 'more errors needed', file: 'circuit-breaking.yaml', from: 'consecutiveErrors: 1', to: 'consecutiveErrors: 2', says: /ejections_active after a 503 of payment: expected 1, observed 0/ },
  { id: 'K8', what: 'the only endpoint may not be ejected', file: 'circuit-breaking.yaml', from: 'maxEjectionPercent: 100', to: 'maxEjectionPercent: 99', says: /answer to the next call: expected "no healthy upstream"/ },
  { id: 'K9', what: 'the copy goes to v1', file: 'mrroring.yaml', from: 'subset: v2', to: 'subset: v1', says: /Host of the copies at v2: expected .*, observed \{\}/ },
  { id: 'K9', what: 'calls and copies change places', file: 'mrroring.yaml', from: 'subset: v1', to: 'subset: v2', says: /answers: expected \{ v1: 10 \}, observed \{ v2: 10 \}/ },
  { id: 'B1', what: 'another subset', file: 'virtual-service-reviews-v3.yaml', from: 'subset: v3', to: 'subset: v1', says: /pages after it: expected \{ v3: 10 \}, observed \{ v1: 10 \}/ },
  { id: 'B1', what: 'the subset stays undeclared', file: 'destination-rule-all.yaml', from: 'name: v3', to: 'name: v4', says: /pages after it: expected \{ v3: 10 \}, observed .*Sorry/ },
  { id: 'B2', what: 'other weights', file: 'virtual-service-reviews-80-20.yaml', from: 'weight: 80', to: 'weight: 20', says: /pages with v1, of 400: expected 280 to 360/ },
  { id: 'B2', what: 'v3 instead of v2', file: 'virtual-service-reviews-80-20.yaml', from: 'subset: v2', to: 'subset: v3', says: /pages with v3: expected 0, observed \d/ },
  { id: 'B3', what: 'another user', file: 'virtual-service-reviews-jason-v2-v3.yaml', from: 'exact: jason', to: 'exact: jim', says: /jason's pages: expected \{ v2: 10 \}, observed \{ v3: 10 \}/ },
  { id: 'B3', what: 'another port in the block', file: 'match-uri-and-port.yaml', from: '      port: 443', to: '      port: 80', says: /\(prefix and port\): expected "v2", observed "v3"/ },
  { id: 'B3', what: 'one block instead of two', file: 'match-uri-and-port.yaml', from: '    - headers:', to: '      headers:', says: /\(the other block\): expected "v2", observed "v1"/ },
  { id: 'B4', what: 'a delay within the budget', file: 'virtual-service-ratings-test-delay.yaml', from: 'fixedDelay: 7s', to: 'fixedDelay: 3s', says: /jason's pages without reviews: expected 1 to 29, observed 0/ },
  { id: 'B4', what: 'another share', file: 'virtual-service-ratings-test-delay.yaml', from: 'value: 10\n', to: 'value: 50\n', says: /delayed calls under the rule as printed, of 200: expected 0 to 41/ },
  { id: 'B5', what: 'another user', file: 'virtual-service-ratings-test-abort.yaml', from: 'exact: jason', to: 'exact: jim', says: /jason's pages that say ratings are unavailable: expected \d+, observed 0/ },
  { id: 'B5', what: 'another status', file: 'virtual-service-ratings-test-abort.yaml', from: 'httpStatus: 500', to: 'httpStatus: 503', says: /flags of the refusals/ },
  { id: 'B6', what: 'everything may leave', file: 'configmap-istio.yaml', from: 'mode: REGISTRY_ONLY', to: 'mode: ALLOW_ANY', says: /answer under REGISTRY_ONLY: expected \[ 502/ },
  { id: 'B7', what: 'no https', file: 'cnn-service-entry.yaml', from: 'number: 443', to: 'number: 8443', says: /fetch failed|BlackHoleCluster|add a ServiceEntry/ },
  { id: 'B7', what: 'another host', file: 'cnn-service-entry.yaml', from: 'edition.cnn.com', to: 'www.cnn.com', says: /answer to http: expected \[ 301.*observed \[ 502|answer to http/ },
  { id: 'B8', what: 'the gateway has another host', file: 'cnn-egress-gateway.yaml', from: '- edition.cnn.com', to: '- www.cnn.com', says: /answer without the gateway, and with it: expected .*observed .*status: 404/ },
  { id: 'B8', what: 'the mesh goes past the gateway', file: 'cnn-virtual.yaml', from: 'host: istio-egressgateway.istio-system.svc.cluster.local\n        subset: cnn  # subset 配置流量目的地的子集', to: 'host: edition.cnn.com', says: /lines in the log of the gateway: expected 1, observed 0/ },
  { id: 'B9', what: 'another name', file: 'cnn-https-service-entry.yaml', from: 'edition.cnn.com', to: 'www.cnn.com', says: /status before, when registered, by the gateway: expected \[ undefined, 200, 200 \], observed \[ undefined, undefined/ },
  { id: 'B9', what: 'the gateway has no rule for the name', file: 'cnn-https-service-rule.yaml', from: '      - istio-egressgateway\n      port: 443\n      sniHosts:\n      - edition.cnn.com', to: '      - istio-egressgateway\n      port: 444\n      sniHosts:\n      - edition.cnn.com', says: /observed \[ undefined, 200, undefined \]/ },
  { id: 'B10', what: 'another subset', file: 'tcp-echo-all-v1.yaml', from: 'subset: v1', to: 'subset: v2', says: /replies by their first word: expected \{ one: 20 \}, observed \{ two: 20 \}/ },
  { id: 'B10', what: 'another port of the gateway', file: 'tcp-echo-all-v1.yaml', from: 'number: 31400', to: 'number: 443', says: /does not listen on port 31400/ },
  { id: 'B11', what: 'other weights', file: 'tcp-echo-20-v2.yaml', from: 'weight: 80', to: 'weight: 20', says: /connections answered by v2, of 400: expected 40 to 120/ },
  { id: 'B12', what: 'room for more pending calls', file: 'httpbin-circuit-breaker.yaml', from: 'http1MaxPendingRequests: 1', to: 'http1MaxPendingRequests: 10', says: /503s for two callers: some, but most calls succeed: expected 1 to 9, observed 0/ },
  { id: 'B13', what: 'a rule takes the request id away', file: 'httpbin-circuit-breaker.yaml', from: 'maxEjectionPercent: 100', to: `maxEjectionPercent: 100${HEADER_RULE('{request: {remove: [x-request-id]}}')}`, says: /X-Request-Id: expected .*, observed undefined/ },
  { id: 'B13', what: 'a rule takes the service time away', file: 'httpbin-circuit-breaker.yaml', from: 'maxEjectionPercent: 100', to: `maxEjectionPercent: 100${HEADER_RULE('{response: {remove: [x-envoy-upstream-service-time]}}')}`, says: /x-envoy-upstream-service-time: expected .*, observed undefined/ },
  { id: 'B14', what: 'no share is mirrored', file: 'httpbin-mirror.yaml', from: 'mirror_percent: 100', to: 'mirror_percent: 0', says: /log of v2 after: expected .*, observed \{\}/ },
  { id: 'B14', what: 'the answer of v2', file: 'httpbin-all-v1.yaml', from: 'subset: v1', to: 'subset: v2', says: /log of v1 before: expected .*, observed \{\}/ },
  { id: 'B15', what: 'v3 instead of v2', file: 'virtual-service-reviews-80-20.yaml', from: 'subset: v2', to: 'subset: v3', says: /versions after "apply reviews-80-20": expected \[ 'v1', 'v2' \], observed \[ 'v1', 'v3' \]/ },
  { id: 'B15', what: 'a subset that is not declared', file: 'destination-rule-all.yaml', from: 'name: v3', to: 'name: v4', says: /calls lost: expected 0, observed \d/ },
];

describe('a scenario fails when its rule is broken', () => {
  it.each(BREAKAGES)('$id, $file: $what', { timeout: 60_000 }, async ({ id, file, from, to, says }) => {
    const scenario = SCENARIOS.find((candidate) => candidate.id === id);
    if (scenario === undefined) throw new Error(`no scenario ${id}`);
    let found = 0;
    const tamper: Tamper = (name, text) => {
      if (!name.endsWith(`/${file}`)) return text;
      found += text.includes(from) ? 1 : 0;
      return text.replace(from, to);
    };

    const { verdict } = await play(scenario, { seeds: new Seeds(SHRUNK, tamper), note: () => undefined });

    expect(found, `${file} has to contain ${JSON.stringify(from)}`).toBeGreaterThan(0);
    expect(verdict.pass).toBe(false);
    expect(verdict.failures.join('\n')).toMatch(says);
  });

  it('is tried for every scenario', () => {
    expect([...new Set(BREAKAGES.map(({ id }) => id))].sort()).toEqual(SCENARIOS.map(({ id }) => id).sort());
  });
});
