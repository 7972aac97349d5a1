import { setTimeout as sleep } from 'node:timers/promises';
import { BackendSet } from '../backend/backend-set.ts';
import { CallBook } from '../backend/call-book.ts';
import type { ConformanceCase } from '../case/case-file.ts';
import { caseTexts, readDocuments } from '../case/documents.ts';
import type { ClusterEndpoints } from '../compare/cluster-endpoints.ts';
import type { Observation, Recording } from '../record/observation.ts';
import type { MeshUnderTest } from './outcome.ts';
import { StepRunner } from './run-steps.ts';

/** A case with what the mesh took its clusters to be. */
export interface CaseRun {
  readonly recording: Recording;
  /** Absent when no mesh came up. */
  readonly clusters?: ClusterEndpoints;
  /** Why the case broke off: the rules were refused, or the runner itself failed. */
  readonly failure?: string;
}

/**
 * The recording proxies had been up for a while when the first call came. It shows where something happens at intervals that
 * are counted from the start.
 */
const HEAD_START_MS = 400;

/** Runs one case: its servers, a mesh of its own, its steps. Never rejects; what goes wrong is in the result. */
export async function runCase(conformanceCase: ConformanceCase, worldsFolder: string): Promise<CaseRun> {
  const book = new CallBook();
  const steps: Observation[] = [];
  let backends: BackendSet | undefined;
  let mesh: MeshUnderTest | undefined;
  try {
    const texts = caseTexts(conformanceCase, worldsFolder);
    const documents = readDocuments(texts);
    backends = await BackendSet.start(conformanceCase, documents, book);
    // Imported late: a mesh that does not even load is a failed case with a reason, not a broken runner.
    const { startMesh, PROXY_IP } = await import('./mesh-target.ts');
    mesh = await startMesh(conformanceCase, texts, backends);
    if (documents.some(({ body }) => JSON.stringify(body).includes('outlierDetection'))) await sleep(HEAD_START_MS);
    const runner = new StepRunner({ conformanceCase, documents, mesh, book, proxyIp: PROXY_IP });
    for (const step of conformanceCase.steps) steps.push(await runner.run(step));
    return { recording: { steps }, clusters: mesh.clusters };
  } catch (error) {
    return { recording: { steps }, clusters: mesh?.clusters, failure: error instanceof Error ? error.message : String(error) };
  } finally {
    await mesh?.close().catch(() => undefined);
    await backends?.close();
  }
}
