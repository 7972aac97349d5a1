import { describe, expect, it } from 'vitest';
import { findingsIn, rules } from '../findings.ts';

function told(rule: string): string[] {
  return findingsIn([rules(`- ${rule}\n  route: [{destination: {host: api}}]`)], { complete: false })
    .filter(({ code }) => code === 'TSM0005')
    .map(({ message }) => message);
}

describe('TSM0005', () => {
  it('tells of tries that there is no time for', () => {
    expect(told('timeout: 5s\n  retries: {attempts: 3, perTryTimeout: 2s}')).toEqual([
      'timeout 5s ends before its tries do: the first and 3 retries of up to 2s need 8s, so 3 of 4 are made when they are slow',
    ]);
    expect(told('timeout: 1500ms\n  retries: {attempts: 1, perTryTimeout: 1s}')).toEqual([
      'timeout 1500ms ends before its tries do: the first and 1 retry of up to 1s need 2s, so 2 of 2 are made when they are slow',
    ]);
    expect(told('timeout: 2s\n  retries: {attempts: 1, perTryTimeout: 2s}')).toEqual([
      'perTryTimeout 2s is not below timeout 2s: a slow first try uses up all the time, and none of 1 retry follows',
    ]);
  });

  it.each([
    ['time enough', 'timeout: 8s\n  retries: {attempts: 3, perTryTimeout: 2s}'],
    ['no timeout', 'retries: {attempts: 3, perTryTimeout: 2s}'],
    ['tries without one', 'timeout: 1s\n  retries: {attempts: 3}'],
    ['no retries', 'timeout: 1s\n  retries: {attempts: 0, perTryTimeout: 2s}'],
    ['a timeout that is switched off', 'timeout: 0s\n  retries: {attempts: 3, perTryTimeout: 2s}'],
  ])('is silent about %s', (_, rule) => {
    expect(told(rule)).toEqual([]);
  });
});
