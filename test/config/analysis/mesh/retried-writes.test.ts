import { describe, expect, it } from 'vitest';
import { codesIn, findingsIn, rules } from '../findings.ts';

const TO = 'route: [{destination: {host: api}}]';
const RETRIES = 'retries: {attempts: 2, retryOn: "5xx,connect-failure"}';

function told(http: string): string[] {
  return codesIn([rules(http)], 'TSM0003');
}

describe('TSM0003', () => {
  it('tells of writes that are retried after they may have been carried out', () => {
    const [finding] = findingsIn([rules(`- ${RETRIES}\n  ${TO}`)], { complete: false });
    expect(finding).toMatchObject({
      code: 'TSM0003',
      path: 'spec.http[0].retries.retryOn',
      message: 'a POST or PATCH is sent up to 3 times: on 5xx it is retried although it may have been carried out',
    });
  });

  it.each(['gateway-error', 'reset', 'connect-failure, 502', '500'])('tells of %s', (retryOn) => {
    expect(told(`- retries: {attempts: 1, retryOn: "${retryOn}"}\n  ${TO}`)).toHaveLength(1);
  });

  it.each([
    ['the default conditions', 'retries: {attempts: 2}'],
    ['conditions before anything was done', 'retries: {attempts: 2, retryOn: "connect-failure,refused-stream,reset-before-request,503"}'],
    ['no retries', 'retries: {attempts: 0, retryOn: 5xx}'],
  ])('is silent about %s', (_, retries) => {
    expect(told(`- ${retries}\n  ${TO}`)).toEqual([]);
  });

  it('is silent where writes do not come', () => {
    expect(told(`- match: [{method: {exact: GET}}]\n  ${RETRIES}\n  ${TO}`)).toEqual([]);
    expect(told(`- match: [{method: {regex: "GET|PUT|DELETE"}}]\n  ${RETRIES}\n  ${TO}`)).toEqual([]);
    expect(told(`- match: [{method: {prefix: P}}]\n  ${RETRIES}\n  ${TO}`)).toHaveLength(1);
  });

  it('is silent where a rule before takes them', () => {
    const writes = `- match: [{method: {exact: POST}}, {method: {exact: PATCH}}]\n  ${TO}`;
    expect(told(`${writes}\n- ${RETRIES}\n  ${TO}`)).toEqual([]);
    expect(told(`${writes.replace('POST', 'PUT')}\n- ${RETRIES}\n  ${TO}`)).toHaveLength(1);
  });
});
