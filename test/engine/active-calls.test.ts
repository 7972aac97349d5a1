import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ActiveCalls, type ActiveCall } from '../../src/engine/active-calls.ts';

it('holds just what was added and not removed, in whatever order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat()), { maxLength: 60 }), (steps) => {
      const calls = new ActiveCalls<ActiveCall>();
      const model: ActiveCall[] = [];
      for (const [adds, which] of steps) {
        if (adds || model.length === 0) {
          const call = { place: -1 };
          calls.add(call);
          model.push(call);
        } else {
          calls.remove(model.splice(which % model.length, 1)[0]!);
        }
        expect(calls.size).toBe(model.length);
        expect(new Set(calls.list())).toEqual(new Set(model));
      }
    }),
  );
});
