// Checked by the compiler (`npm run typecheck`), never run.
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { expectTypeOf } from 'vitest';
import { configureMesh, createMesh, meshFetch, type Mesh } from '../../src/index.ts';

const mesh = await createMesh();
expectTypeOf(mesh).toEqualTypeOf<Mesh>();
expectTypeOf(configureMesh).returns.resolves.toEqualTypeOf<Mesh>();

// fetch: exactly the global one's type, so that it goes wherever a fetch goes.
expectTypeOf(mesh.fetch).toEqualTypeOf<typeof fetch>();
expectTypeOf(meshFetch).toExtend<typeof fetch>();
expectTypeOf(mesh.fetch('http://reviews/')).resolves.toEqualTypeOf<Response>();
expectTypeOf(mesh.fetch(new Request('http://reviews/'), { signal: AbortSignal.timeout(1) })).resolves.toEqualTypeOf<Response>();
// @ts-expect-error: a number is no URL
void mesh.fetch(80);

// request: undici's contract.
const answer = await mesh.request('http://reviews:9080/', { method: 'POST', headers: { 'end-user': 'jason' }, body: 'x' });
expectTypeOf(answer).toEqualTypeOf<Dispatcher.ResponseData>();
expectTypeOf(answer.statusCode).toEqualTypeOf<number>();
expectTypeOf(answer.body).toExtend<Readable>();
expectTypeOf(answer.body.json()).resolves.toEqualTypeOf<unknown>();
void mesh.request(new URL('http://reviews:9080/'), { originalDst: '10.0.0.1:80', sourceAddress: '10.0.0.2' });
void mesh.request('http://reviews:9080/', { originalDst: null });
// @ts-expect-error: where a call goes is in its URL
void mesh.request('http://reviews:9080/', { origin: 'http://ratings' });
// @ts-expect-error: a misspelt option
void mesh.request('http://reviews:9080/', { originalDestination: '10.0.0.1:80' });

// dispatcher: goes wherever undici takes one.
expectTypeOf(mesh.dispatcher).toEqualTypeOf<Dispatcher>();
expectTypeOf(mesh.install()).toEqualTypeOf<() => void>();
mesh.install({ fetch: true });
// @ts-expect-error: a misspelt option
mesh.install({ fetsh: true });

// connect, createConnection: what drivers take as a socket.
expectTypeOf(mesh.connect({ host: 'db', port: 5432 })).resolves.toEqualTypeOf<Socket>();
expectTypeOf(mesh.createConnection({ host: 'db', port: 5432, servername: 'db', allowHalfOpen: true }, () => {})).toEqualTypeOf<Socket>();
expectTypeOf(mesh.createConnection().connect(5432, 'db')).toEqualTypeOf<Socket>();
// @ts-expect-error: a misspelt option
mesh.createConnection({ hostname: 'db', port: 5432 });

// Lifecycle.
expectTypeOf(mesh).toExtend<AsyncDisposable>();
expectTypeOf(mesh.ready()).resolves.toBeVoid();
expectTypeOf(mesh.close({ drainMs: 10 })).resolves.toBeVoid();
