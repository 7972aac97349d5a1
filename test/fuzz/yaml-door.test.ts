import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readResources, type ReadOptions } from '../../src/config/read-resources.ts';
import { CORPUS, DOCUMENTS, SMALL } from './support/corpus.ts';
import { throughTheDoor } from './support/door.ts';
import { exercise } from './support/exercise.ts';
import { hostileHead, withoutLineEnds } from './support/hostile-requests.ts';
import { hostileString, hostileValue } from './support/hostile-values.ts';
import { isText, mutationsOf, replacedSomewhere, yamlSoup } from './support/mutations.ts';

const options: fc.Arbitrary<ReadOptions> = fc.record({ strict: fc.boolean(), legacySemantics: fc.boolean(), rules: fc.constantFrom('apply' as const, 'apply' as const, 'istioctl' as const) });

const bytes = fc.uint8Array({ maxLength: 200 });

/** Services that the rules are about. */
const { resources: WORLD } = readResources(CORPUS.filter(({ name }) => /worlds.(?:bookinfo|shop|multi|tcp-echo)\.yaml$/.test(name)).map(({ name, text }) => ({ text, file: name })));

describe('the YAML door, given', { timeout: 3_600_000 }, () => {
  it('random bytes, as UTF-8 and as they are', () => {
    fc.assert(
      fc.property(bytes, options, (given, how) => {
        throughTheDoor({ text: new TextDecoder().decode(given), file: 'f' }, how);
        throughTheDoor({ text: String.fromCharCode(...given), file: 'f' }, how);
      }),
      { numRuns: 400 },
    );
  });

  it('random unicode, lone surrogates too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), options, (text, how) => {
        throughTheDoor({ text, file: 'f' }, how);
      }),
      { numRuns: 400 },
    );
  });

  it('pieces of YAML in any order', () => {
    fc.assert(
      fc.property(yamlSoup, options, (text, how) => {
        throughTheDoor({ text, file: 'f' }, how);
      }),
      { numRuns: 800 },
    );
  });

  it('real rules, damaged', () => {
    const damaged = fc.constantFrom(...SMALL).chain(({ text }) => mutationsOf(text));
    fc.assert(
      fc.property(damaged, options, hostileHead, (text, how, head) => {
        const snapshot = throughTheDoor({ text, file: 'f' }, how, WORLD);
        if (snapshot !== undefined && how.rules !== 'istioctl') exercise(snapshot, head);
      }),
      { numRuns: 800 },
    );
  });

  it('real rules, cut off anywhere', () => {
    const { text } = SMALL.find((candidate) => candidate.text.includes('subset') && candidate.text.length > 600)!;
    for (let end = 0; end <= text.length; end++) throughTheDoor({ text: text.slice(0, end), file: 'f' });
    const cut = fc.constantFrom(...CORPUS).chain((real) => fc.nat({ max: real.text.length }).map((end) => real.text.slice(0, end)));
    fc.assert(
      fc.property(cut, (begun) => {
        throughTheDoor({ text: begun, file: 'f' });
      }),
      { numRuns: 100 },
    );
  });

  it('real resources with something else at any place, as text and as objects', () => {
    fc.assert(
      fc.property(fc.constantFrom(...DOCUMENTS), fc.array(fc.tuple(fc.nat(), hostileValue), { minLength: 1, maxLength: 3 }), options, hostileHead, (document, changes, how, head) => {
        const object = changes.reduce<unknown>((value, [at, by]) => replacedSomewhere(value, at, by), document);
        const fromObject = throughTheDoor({ object }, how, WORLD);
        const fromText = throughTheDoor({ text: JSON.stringify(object), file: 'f' }, how, WORLD);
        for (const snapshot of [fromObject, fromText]) if (snapshot !== undefined && how.rules !== 'istioctl') exercise(snapshot, head);
      }),
      { numRuns: 800 },
    );
  });

  it('real rules with odd text in any of their texts, which then forges nothing', () => {
    const rules = DOCUMENTS.filter((document) => ['VirtualService', 'DestinationRule'].includes(String((document as { kind?: unknown }).kind)));
    fc.assert(
      fc.property(fc.constantFrom(...rules), fc.array(fc.tuple(fc.nat(), hostileString), { minLength: 1, maxLength: 2 }), hostileHead.map(withoutLineEnds), (document, changes, head) => {
        const object = changes.reduce<unknown>((value, [at, by]) => replacedSomewhere(value, at, by, isText), document);
        const snapshot = throughTheDoor({ object }, {}, WORLD);
        if (snapshot !== undefined) exercise(snapshot, head);
      }),
      { numRuns: 800 },
    );
  });

  it('real resources with other names for any of their fields', () => {
    fc.assert(
      fc.property(fc.constantFrom(...DOCUMENTS), fc.nat(), hostileString, options, (document, at, name, how) => {
        const text = JSON.stringify(document);
        const keys = [...text.matchAll(/(?<=[{,])"(?:[^"\\]|\\.)*":/g)];
        const key = keys[at % keys.length]!;
        const renamed = `${text.slice(0, key.index)}${JSON.stringify(name)}:${text.slice(key.index + key[0].length)}`;
        throughTheDoor({ text: renamed, file: 'f' }, how);
        throughTheDoor({ object: JSON.parse(renamed) as unknown }, how);
      }),
      { numRuns: 400 },
    );
  });

  it('the names of prototypes as keys, at every depth', () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      for (const document of DOCUMENTS.slice(0, 40)) {
        const poisoned = { [name]: { polluted: true, [name]: { polluted: true } } };
        const text = JSON.stringify(document).replaceAll('{"', `{${JSON.stringify(poisoned).slice(1, -1)},"`);
        throughTheDoor({ text, file: 'f' });
        throughTheDoor({ object: JSON.parse(text) as unknown });
      }
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
