import http from 'node:http';
import { text } from 'node:stream/consumers';
import nock from 'nock';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestMesh } from '../../src/testing/index.ts';
import { BOOKS } from './rules.ts';

beforeAll(() => nock.disableNetConnect());
beforeEach(() => nock.cleanAll());
afterAll(() => {
  nock.restore();
  nock.enableNetConnect();
});

describe('a test mesh beside nock', () => {
  it('answers for its services by whichever door, and nock for the rest of the process', async () => {
    const wrongly = nock('http://ratings:9080').get('/').reply(200, 'by nock, wrongly');
    nock('http://elsewhere.test').get('/').twice().reply(200, 'by nock');
    await using mesh = await createTestMesh(BOOKS, { services: { ratings: () => ({ body: 'by the mesh' }) } });

    expect(await (await mesh.fetch('http://ratings:9080/')).text()).toBe('by the mesh');
    expect(await (await mesh.request('http://ratings:9080/')).body.text()).toBe('by the mesh');
    expect(await (await fetch('http://elsewhere.test/')).text()).toBe('by nock');
    expect(await new Promise((resolve) => http.get('http://elsewhere.test/', (response) => resolve(text(response))))).toBe('by nock');
    expect(wrongly.isDone()).toBe(false);
  });

  it('also while nothing may be called', async () => {
    await using mesh = await createTestMesh(BOOKS);

    expect((await mesh.fetch('http://ratings:9080/')).status).toBe(200);
    await expect(fetch('http://elsewhere.test/')).rejects.toThrow();
    expect(mesh.calls).toHaveLength(1);
  });
});
