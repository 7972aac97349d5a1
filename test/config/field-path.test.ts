import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { childPath, parsePath, type PathStep } from '../../src/config/field-path.ts';

const pathOf = (steps: readonly PathStep[]): string => steps.reduce<string>((path, step) => childPath(path, step), '');

describe('field paths', () => {
  it('read as people write them', () => {
    expect(pathOf(['spec', 'http', 0, 'match', 1, 'headers', 'end-user', 'exact'])).toBe('spec.http[0].match[1].headers.end-user.exact');
    expect(pathOf(['metadata', 'labels', 'app.kubernetes.io/name'])).toBe('metadata.labels["app.kubernetes.io/name"]');
  });

  it('are parsed back to the steps they were made of, whatever the keys', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.nat(1000)), { maxLength: 6 }), (steps) => {
        expect(parsePath(pathOf(steps))).toEqual(steps);
      }),
    );
  });

  it('end where they cannot be read', () => {
    expect(parsePath('spec.http[x].route')).toEqual(['spec', 'http']);
  });
});
