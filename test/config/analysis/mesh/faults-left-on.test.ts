import { describe, expect, it } from 'vitest';
import { findingsIn, rules } from '../findings.ts';

const TO = 'route: [{destination: {host: api}}]';

function told(rule: string): string[] {
  return findingsIn([rules(`- ${rule}\n  ${TO}`)], { complete: false }).map(({ code, level, message }) => `${code} ${level}: ${message}`);
}

describe('TSM0006 and TSM0011', () => {
  it('warn of a fault for everyone', () => {
    expect(told('fault: {abort: {httpStatus: 503, percentage: {value: 0.1}}}')).toEqual(['TSM0006 warning: a fault answers 503 to 0.1 % of all calls']);
    expect(told('fault: {delay: {fixedDelay: 7s, percent: 10}}')).toContain('TSM0006 warning: a fault delays by 7s 10 % of all calls');
    expect(told('match: [{uri: {prefix: /a}}]\n  fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 1}}}')).toEqual([
      'TSM0006 warning: a fault answers UNAVAILABLE to 1 % of all calls',
    ]);
  });

  it('mention one for certain callers', () => {
    const fault = 'fault: {abort: {httpStatus: 500, percentage: {value: 100}}}';
    for (const match of ['headers: {end-user: {exact: jason}}', 'sourceLabels: {app: test}', 'sourceNamespace: test', 'queryParams: {test: {}}']) {
      expect(told(`match: [{${match}}]\n  ${fault}`)).toEqual(['TSM0006 info: a fault answers 500 to 100 % of the calls that match']);
    }
    expect(told(`match: [{sourceNamespace: test}, {uri: {exact: /a}}]\n  ${fault}`)).toEqual(['TSM0006 warning: a fault answers 500 to 100 % of all calls']);
  });

  it('mention one without a percentage, which is 0', () => {
    expect(told('fault: {delay: {fixedDelay: 7s}, abort: {httpStatus: 500}}')).toEqual([
      'TSM0011 info: this delay never happens: without a percentage it is 0 %',
      'TSM0011 info: this abort never happens: without a percentage it is 0 %',
    ]);
  });

  it('are silent about one that is off', () => {
    expect(told('fault: {delay: {fixedDelay: 7s, percentage: {value: 0}}}')).toEqual([]);
  });
});
