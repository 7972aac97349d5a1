// Checked by the compiler (`npm run typecheck`), never run.
import { expectTypeOf } from 'vitest';
import type { MeshError} from '../../src/index.ts';
import {
  createMesh, FLAG, formatFlags, isMeshError, meshInfo,
  type CallInfo, type ConfigChange, type EjectionEvent, type Explanation,
} from '../../src/index.ts';

const mesh = await createMesh();

// meshInfo takes whatever a door gave, and may know nothing of it.
const info = meshInfo(await mesh.fetch('http://reviews/'));
expectTypeOf(info).toEqualTypeOf<CallInfo | undefined>();
expectTypeOf(meshInfo(await mesh.request('http://reviews/'))).toEqualTypeOf<CallInfo | undefined>();
expectTypeOf<CallInfo>().toExtend<{ status: number; flags: string; details: string; rule: string; attempts: number; durationMs: number }>();
expectTypeOf<CallInfo['cluster']>().toEqualTypeOf<string | undefined>();
expectTypeOf<CallInfo['endpoint']>().toEqualTypeOf<string | undefined>();
// @ts-expect-error: it may be undefined
void info.flags;

// Events bring what they tell of.
mesh.on('config', (change) => expectTypeOf(change).toEqualTypeOf<ConfigChange>());
mesh.on('config-error', (failed) => expectTypeOf(failed).toEqualTypeOf<MeshError>());
mesh.on('ejection', (event) => expectTypeOf(event).toEqualTypeOf<EjectionEvent>());
mesh.on('call', (call) => expectTypeOf(call).toEqualTypeOf<CallInfo>());
expectTypeOf<EjectionEvent['kind']>().toEqualTypeOf<'ejected' | 'unejected'>();
expectTypeOf(mesh.off('call', () => {})).toEqualTypeOf(mesh);
// @ts-expect-error: there is no such event
mesh.on('eject', () => {});

expectTypeOf(mesh.configError).toEqualTypeOf<MeshError | undefined>();

// Explanations and statistics.
expectTypeOf(mesh.explain('http://reviews/', { headers: { 'end-user': 'jason' } })).toEqualTypeOf<Explanation>();
expectTypeOf(mesh.explain('http://reviews/').toString()).toEqualTypeOf<string>();
expectTypeOf(mesh.stats(/upstream_rq_total/)).toEqualTypeOf<Record<string, number>>();

// Errors: a guard that works across copies, and a code.
const error: unknown = undefined;
if (isMeshError(error)) {
  expectTypeOf(error).toEqualTypeOf<MeshError>();
  expectTypeOf(error.code).toEqualTypeOf<string>();
  expectTypeOf(error.attempts).toEqualTypeOf<number>();
  expectTypeOf(error.cluster).toEqualTypeOf<string | undefined>();
}
expectTypeOf<MeshError>().toExtend<Error>();
expectTypeOf(formatFlags(FLAG.UF | FLAG.URX)).toEqualTypeOf<string>();
