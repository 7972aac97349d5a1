import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tsMesh } from './test-terminal.ts';

const FILES = 1000;
/** Of the processor, so that other work does not count. */
const MOST_SECONDS = 10;

/** A team's service: the Service, two Pods, its subsets, a canary. */
const team = (index: number): string => `apiVersion: v1
kind: Service
metadata: {name: app-${index}, namespace: team-${index % 50}}
spec: {selector: {app: app-${index}}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: app-${index}-1, namespace: team-${index % 50}, labels: {app: app-${index}, version: v1}}
spec: {containers: [{name: app, image: app}, {name: istio-proxy, image: proxy}]}
---
apiVersion: v1
kind: Pod
metadata: {name: app-${index}-2, namespace: team-${index % 50}, labels: {app: app-${index}, version: v2}}
spec: {containers: [{name: app, image: app}, {name: istio-proxy, image: proxy}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: app-${index}, namespace: team-${index % 50}}
spec:
  host: app-${index}
  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5, maxEjectionPercent: 100}}
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: app-${index}, namespace: team-${index % 50}}
spec:
  hosts: [app-${index}]
  http:
  - match: [{headers: {end-user: {exact: jason}}}, {uri: {prefix: /beta}}]
    route: [{destination: {host: app-${index}, subset: v2}}]
  - route: [{destination: {host: app-${index}, subset: v1}, weight: 90}, {destination: {host: app-${index}, subset: ${index === 7 ? 'v3' : 'v2'}}, weight: 10}]
    retries: {attempts: 2, perTryTimeout: 1s}
    timeout: 4s
`;

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'ts-mesh-many-'));
  for (let index = 0; index < FILES; index++) writeFileSync(join(cwd, `app-${index}.yaml`), team(index));
});

afterAll(() => rmSync(cwd, { recursive: true }));

describe(`${FILES} files`, { timeout: 120_000 }, () => {
  it.each([
    ['validate', 0, []],
    ['analyze', 1, ['IST0101']],
  ])(`are through ts-mesh %s in less than ${MOST_SECONDS} s`, async (command, expected, codes) => {
    const before = process.cpuUsage();
    const { code, out } = await tsMesh([command, '.', '--json'], { cwd });
    const { user, system } = process.cpuUsage(before);

    expect([...new Set((JSON.parse(out) as { code: string }[]).map((finding) => finding.code))]).toEqual(codes);
    expect(code).toBe(expected);
    const seconds = (user + system) / 1e6;
    console.log(`ts-mesh ${command}: ${FILES} files, ${5 * FILES} resources, ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(MOST_SECONDS);
  });
});
