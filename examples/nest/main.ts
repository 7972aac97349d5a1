import 'reflect-metadata';
import type { Server } from 'node:http';
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MESH, MeshModule } from '../../src/adapters/nest.ts'; // from 'ts-mesh/nest' in your project
import type { Mesh } from '../../src/index.ts'; // from 'ts-mesh'
import { endpointsOf, tell, type Servers } from '../story.ts';
import { NewReviewsController, OldReviewsController, RatingsController, ShopController } from './services.ts';

const servers: Record<string, Server> = {};
const meshes: Mesh[] = [];

/** Starts a service as an application of its own, which has a mesh of its own, after those that it calls. */
async function start(name: keyof Servers, controller: Type): Promise<void> {
  @Module({ imports: [MeshModule.forRoot({ config: `${import.meta.dirname}/mesh`, endpoints: await endpointsOf(servers) })], controllers: [controller] })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  servers[name] = app.getHttpServer() as Server;
  meshes.push(app.get<Mesh>(MESH));
}

await start('ratings v1', RatingsController);
await start('reviews v1', OldReviewsController);
await start('reviews v2', NewReviewsController);
await start('shop v1', ShopController);

await tell(servers as Servers, meshes, [
  { headers: {}, reviews: { version: 'v1' }, calls: { reviews: '200 -' } },
  { headers: { 'end-user': 'jason' }, reviews: { version: 'v2', stars: 5 }, calls: { reviews: '200 -', ratings: '200 -' } },
  { headers: { 'end-user': 'jane' }, reviews: { version: 'v2', stars: 5 }, calls: { reviews: '200 -', ratings: '200 - after 2 tries' } },
]);
