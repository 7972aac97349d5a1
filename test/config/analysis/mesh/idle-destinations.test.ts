import { describe, expect, it } from 'vitest';
import { findingsIn, rules } from '../findings.ts';

function told(routes: string): string[] {
  return findingsIn([rules(`- route: ${routes}`)], { complete: false })
    .filter(({ code }) => code === 'TSM0007')
    .map(({ level, path = '', message }) => `${level} ${path}: ${message}`);
}

describe('TSM0007', () => {
  it('mentions a destination that gets nothing', () => {
    expect(told('[{destination: {host: api, subset: v1}, weight: 100}, {destination: {host: api, subset: v2}, weight: 0}]')).toEqual([
      'info spec.http[0].route[1]: api v2 gets none of these calls: its weight is 0',
    ]);
    expect(told('[{destination: {host: api}}, {destination: {host: other}, weight: 1}]')).toEqual([
      'info spec.http[0].route[0]: api gets none of these calls: its weight is 0',
    ]);
  });

  it('is silent where all have a weight, or there is one', () => {
    expect(told('[{destination: {host: api}, weight: 1}, {destination: {host: other}, weight: 99}]')).toEqual([]);
    expect(told('[{destination: {host: api}, weight: 0}]')).toEqual([]);
  });
});
