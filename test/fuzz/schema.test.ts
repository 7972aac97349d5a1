import { describe, expect, it } from 'vitest';
import { KINDS, type KindInfo } from '../../src/config/kinds.ts';
import { readResources } from '../../src/config/read-resources.ts';
import type { Field } from '../../src/config/schema/field.ts';
import { head } from '../route/support.ts';
import { throughTheDoor } from './support/door.ts';
import { EVERYTHING } from './support/everything.ts';
import { exerciseAll } from './support/exercise.ts';
import { HOSTILE_STRINGS } from './support/hostile-values.ts';

/** A value with something at one place in it. */
type Holder = (something: unknown) => unknown;

const DEEPEST = 9;

/** Where there is all night, everything is tried everywhere; else some of it, elsewhere something else. */
const FULL = process.env['PROPERTY_FACTOR'] !== undefined;

const DANGEROUS = ['a\r\nx-forged: 1', 'a\0b', '%foo%', '\\9', '(a?){4000}', '__proto__', ''];

/** A way to put something in the place of `field` and of every field below it. */
function* places(field: Field, holder: Holder, depth = 0): Generator<{ holder: Holder; field: Field }> {
  yield { holder, field };
  if (depth >= DEEPEST) return;
  if (field.is === 'list') yield* places(field.of, (it) => holder([it]), depth + 1);
  if (field.is === 'map') yield* places(field.of, (it) => holder({ key: it }), depth + 1);
  if (field.is === 'message') for (const [name, of] of field.type.fields) yield* places(of, (it) => holder({ [name]: it }), depth + 1);
}

const VALUES: readonly unknown[] = [
  null, true, 0, -1, 1.5, 2 ** 53, NaN, Infinity, -0, '', 'a', '5s', '10.0.0.1', '*', 'GET', '/x', [], {}, [[]], [null], [{}], ['a', 'a'], { a: 'b' }, { a: null }, { '': '' }, [{ a: [{}] }], { key: { key: 'a' } }, 'x'.repeat(300),
];

function documentOf({ kind, group, versions, body }: KindInfo, content: unknown): object {
  const metadata = { name: kind === 'ConfigMap' ? 'istio' : 'it', labels: { 'kubernetes.io/service-name': 'it' } };
  const envelope = { apiVersion: group === '' ? versions[0] : `${group}/${versions[0]}`, kind, metadata };
  if (kind === 'ConfigMap') return { ...envelope, data: { mesh: JSON.stringify(content) } };
  return body === 'spec' ? { ...envelope, spec: content } : { ...envelope, ...(typeof content === 'object' ? content : { [String(content)]: content }) };
}

describe('every field of every kind,', { timeout: 3_600_000 }, () => {
  it.each(KINDS.map((info) => [info.kind, info] as const))('of %s: whatever stands there', (_, info) => {
    let count = 0;
    for (const { holder } of places(info.schema, (it) => it)) {
      for (const value of VALUES) throughTheDoor({ object: documentOf(info, holder(value)) });
      // Every odd text somewhere, not each at every place.
      throughTheDoor({ text: JSON.stringify(documentOf(info, holder(HOSTILE_STRINGS[count++ % HOSTILE_STRINGS.length]))), file: 'f' });
    }
    expect(count).toBeGreaterThan(0);
  });
});

/** Whether the rules of the others mean something by it. */
function isNeeded(object: object): boolean {
  const { kind, metadata } = object as { kind: string; metadata: { name: string } };
  return ['entry', 'policy', 'leaf'].includes(metadata.name) || (kind === 'VirtualService' && metadata.name === 'rules');
}

/** Every text in `value`, and every key of the user's choice, as a way to put something else there. */
function* textPlaces(value: unknown, holder: Holder): Generator<Holder> {
  if (typeof value === 'string') yield holder;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    if (Array.isArray(value)) {
      yield* textPlaces(entry, (it) => holder(value.with(Number(key), it)));
      continue;
    }
    const others = Object.entries(value).filter(([name]) => name !== key);
    if (typeof entry !== 'object') yield (it) => holder(Object.fromEntries([...others, [String(it), entry]]));
    yield* textPlaces(entry, (it) => holder(Object.fromEntries([...others, [key, it]])));
  }
}

describe('odd text in any place of rules that use every field', { timeout: 3_600_000 }, () => {
  const REQUESTS = [head({ headers: ['x', 'a', 'x-h', 'a', 'origin', 'http://a.com', 'cookie', 'user=a'] }), head({ method: 'OPTIONS', path: '/redirect/x?q=a', headers: ['origin', 'http://b', 'access-control-request-method', 'GET'] })];

  it('which are rules that work', () => {
    const { resources, issues } = readResources(EVERYTHING.map((object) => ({ object })));

    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    const snapshot = throughTheDoor({ object: EVERYTHING }, {}, []);
    expect(resources).toHaveLength(EVERYTHING.length);
    for (const request of REQUESTS) expect(exerciseAll(snapshot!, request)).toBeGreaterThan(10);
  });

  const tried = FULL ? EVERYTHING : EVERYTHING.filter((object) => ['VirtualService', 'DestinationRule', 'ConfigMap'].includes((object as { kind: string }).kind));
  it.each(tried.map((object) => [`${(object as { kind: string }).kind} ${(object as { metadata: { name: string } }).metadata.name}`, object] as const))('is refused or harmless: %s', (_, object) => {
    const { resources: others } = readResources(EVERYTHING.filter((other) => other !== object && (FULL || isNeeded(other))).map((other) => ({ object: other })));
    const isMesh = (object as { kind: string }).kind === 'ConfigMap';
    const inner: unknown = isMesh ? JSON.parse((object as { data: { mesh: string } }).data.mesh) : object;
    let accepted = 0;
    let place = 0;
    for (const holder of textPlaces(inner, (it) => it)) {
      place++;
      for (const text of FULL ? HOSTILE_STRINGS : [...DANGEROUS, ...HOSTILE_STRINGS.filter((__, i) => (i + place) % 60 === 0)]) {
        const changed = isMesh ? { ...object, data: { mesh: JSON.stringify(holder(text)) } } : holder(text);
        const snapshot = throughTheDoor({ object: changed }, {}, others);
        if (snapshot === undefined) continue;
        accepted++;
        for (const request of FULL ? REQUESTS : [REQUESTS[accepted % 2]!]) exerciseAll(snapshot, request);
      }
    }
    expect(accepted).toBeGreaterThan(0);
  });
});
