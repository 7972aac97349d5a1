import { describe, expect, it } from 'vitest';
import { objectDocuments } from '../../src/config/objects.ts';

describe('objectDocuments', () => {
  it('copies plain data, asks dates for their JSON, and takes instances by their fields', () => {
    class Metadata {
      name = 'a';
      creationTimestamp = new Date(0);
      missing = undefined;
    }
    const { documents, issues } = objectDocuments({ kind: 'X', metadata: new Metadata(), list: [undefined, 1] });

    expect(issues).toEqual([]);
    expect(documents.map(({ value }) => value)).toEqual([{ kind: 'X', metadata: { name: 'a', creationTimestamp: '1970-01-01T00:00:00.000Z' }, list: [null, 1] }]);
  });

  it.each([
    ['a function', () => 1], ['a symbol', Symbol('x')], ['a bigint', 1n], ['a Map', new Map()], ['a promise', Promise.resolve()],
  ])('refuses %s, telling where', (_, value) => {
    expect(objectDocuments({ spec: [value] })).toMatchObject({ documents: [], issues: [{ code: 'ERR_INVALID_OBJECT', path: 'spec[0]' }] });
  });

  it('refuses an object that contains itself', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;

    expect(objectDocuments(loop).issues[0]?.message).toContain('does the object contain itself?');
  });

  it('refuses an object that shares its parts over and over', () => {
    let bomb: unknown = ['x'];
    for (let level = 0; level < 60; level++) bomb = [bomb, bomb];

    expect(objectDocuments(bomb).issues).toHaveLength(1);
  });

  it('survives getters that throw', () => {
    const object = { get spec(): unknown { throw new Error('no'); } };

    expect(objectDocuments(object).issues).toMatchObject([{ code: 'ERR_INVALID_OBJECT', message: 'could not be read: no' }]);
  });
});
