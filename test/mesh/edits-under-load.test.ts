import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMesh, isMeshError, meshInfo, seededRandom, type ConfigChange, type Mesh, type MeshError } from '../../src/index.ts';
import { TempFolder } from '../discovery/temp-folder.ts';
import { says, until, type HttpService } from './http-services.ts';

/** Edits in one run; `npm run test:full` makes a thousand. */
const EDITS = Number(process.env['TS_MESH_EDITS'] ?? 40);
const CALLERS = 6;
const VERSIONS = ['v1', 'v2', 'v3'];

const SERVICE = `
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: 9080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5}}
  subsets: [${VERSIONS.map((version) => `{name: ${version}, labels: {version: ${version}}}`).join(', ')}]
`;

/** A rule that leads to `version` and writes the number of its edit into each response. */
const rule = (edit: number, version: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - timeout: 30s
    retries: {attempts: 1}
    headers: {response: {set: {x-edit: "${edit}"}}}
    route: [{destination: {host: reviews, subset: ${version}}}]
`;

/** Ways to spoil a rule. */
const SPOILT: readonly ((text: string) => string)[] = [
  (text) => text.slice(0, text.indexOf('subset') + 3),
  (text) => text.replace('30s', 'soon'),
  (text) => text.replace('hosts: [reviews]', 'hosts: reviews]'),
  (text) => `${text}---\nkind: VirtualService\n`,
];

interface Outcome {
  readonly status: number;
  readonly flags: string | undefined;
  /** The edit that the answer shows, and the two it must lie between: in force when the call began, made when it ended. */
  readonly edit: number;
  readonly from: number;
  readonly to: number;
  readonly isRightVersion: boolean;
}

describe('a folder that is edited under load', () => {
  const services: HttpService[] = [];
  let folder: TempFolder;
  let mesh: Mesh;

  beforeAll(async () => {
    for (const version of VERSIONS) services.push(await says(version));
    folder = await TempFolder.with({ 'service.yaml': SERVICE, 'rules.yaml': rule(0, 'v1') });
    mesh = await createMesh({
      config: folder.path,
      watch: { debounceMs: 15, pollMs: 60_000 },
      seed: 1,
      endpoints: { 'reviews.default': services.map(({ address }, i) => ({ address, labels: { version: VERSIONS[i]! } })) },
    });
  });
  afterAll(async () => {
    await mesh.close();
    await folder[Symbol.asyncDispose]();
    for (const service of services) await service.close();
  });

  it(`${EDITS} times loses no call, and each edit is in force or reported`, { timeout: 60_000 + EDITS * 1000 }, async () => {
    const random = seededRandom(5);
    const outcomes: Outcome[] = [];
    const failures: unknown[] = [];
    const told: (ConfigChange | MeshError)[] = [];
    mesh.on('config', (change) => told.push(change)).on('config-error', (error) => told.push(error));
    const versions = ['v1'];
    let inForce = 0;
    let made = 0;
    let running = true;

    const caller = async (): Promise<void> => {
      while (running) {
        const from = inForce;
        try {
          const response = await mesh.fetch('http://reviews:9080/reviews/0', random() < 0.3 ? { method: 'POST', body: 'x'.repeat(1000) } : {});
          const body = await response.text();
          const edit = Number(response.headers.get('x-edit'));
          outcomes.push({ status: response.status, flags: meshInfo(response)?.flags, edit, from, to: made, isRightVersion: body === versions[edit] });
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const callers = Array.from({ length: CALLERS }, caller);
    let reported = 0;
    let shown = 0;
    let name = 'rules.yaml';
    for (let edit = 1; edit <= EDITS; edit++) {
      const version = VERSIONS[Math.floor(random() * VERSIONS.length)]!;
      const isBad = random() < 0.2;
      versions[edit] = version;
      if (!isBad) made = edit;
      const text = rule(edit, version);
      const heard = told.length;
      const way = random();
      if (isBad) {
        await folder.write(name, SPOILT[edit % SPOILT.length]!(text));
      } else if (way < 0.4) {
        await folder.write(name, text);
      } else if (way < 0.8) {
        await folder.replace(name, text);
      } else {
        // The rule moves to another file.
        await folder.write(`rules-${edit}.yaml`, text);
        await folder.remove(name);
        name = `rules-${edit}.yaml`;
      }

      if (isBad) {
        await until(() => told.length > heard, `edit ${edit} is told of`, 20_000);
        expect(isMeshError(told.at(-1)), `edit ${edit}`).toBe(true);
        expect(mesh.configError).toBe(told.at(-1));
        reported++;
      } else {
        // A call shows it.
        await until(() => outcomes.at(-1)?.edit === edit || failures.length > 0, `edit ${edit} is in force`, 20_000);
        inForce = edit;
        expect(mesh.configError).toBeUndefined();
        shown++;
      }
    }
    running = false;
    await Promise.all(callers);

    expect(failures).toEqual([]);
    expect(outcomes.filter(({ status, flags }) => status !== 200 || flags !== '-')).toEqual([]);
    expect(outcomes.filter(({ edit, from, to, isRightVersion }) => edit < from || edit > to || !isRightVersion)).toEqual([]);
    expect([reported + shown, reported > 0, shown > 0]).toEqual([EDITS, true, true]);
    // Every change that was told is one that was made; none is told twice.
    expect(told.filter(isMeshError).length).toBeGreaterThanOrEqual(reported);
    // Connections outlive all of it.
    expect(services.reduce((sum, { accepted }) => sum + accepted, 0)).toBeLessThanOrEqual(VERSIONS.length * (CALLERS + 1));
    console.log(`${EDITS} edits: ${shown} in force, ${reported} reported; ${outcomes.length} calls, none lost`);
  });
});
