import { describe, expect, it } from 'vitest';
import { OK, parsePlan } from './plan.ts';

describe('parsePlan', () => {
  it('reads a list of statuses', () => {
    expect(parsePlan('503,200').others.map((item) => (item.kind === 'answer' ? item.status : item.kind))).toEqual([503, 200]);
  });

  it('reads every part of an item', () => {
    expect(parsePlan('103>207+40ms~900ms{x-a=1;x-b=a,b|c}[grpc-status=0;x-t=]').others).toEqual([
      {
        kind: 'answer',
        status: 207,
        informational: 103,
        delayMs: 40,
        bodyDelayMs: 900,
        headers: [['x-a', '1'], ['x-b', 'a,b|c']],
        trailers: [['grpc-status', '0'], ['x-t', '']],
      },
    ]);
  });

  it.each(['reset', 'close', 'hang', 'cut', 'garbage', 'refused'])('knows %s, also delayed', (kind) => {
    expect(parsePlan(`${kind},${kind}+20ms`).others).toEqual([{ kind, delayMs: 0 }, { kind, delayMs: 20 }]);
  });

  it('tells gRPC answers with trailers from those with headers only', () => {
    const grpc = parsePlan('grpc14!,grpc0+9ms').others.map((item) => item.kind === 'answer' && [item.grpc, item.status, item.delayMs]);

    expect(grpc).toEqual([[{ code: 14, headersOnly: true }, 200, 0], [{ code: 0, headersOnly: false }, 200, 9]]);
  });

  it('parts the lists of endpoints, of mirrors and of all others', () => {
    const plan = parsePlan('127.0.2.11=500,503|127.0.2.12:8080=reset|mirror=hang|404');

    expect([...plan.endpoints.keys()]).toEqual(['127.0.2.11', '127.0.2.12:8080']);
    expect(plan.endpoints.get('127.0.2.11')).toHaveLength(2);
    expect(plan.mirror).toEqual([{ kind: 'hang', delayMs: 0 }]);
    expect(plan.others).toMatchObject([{ status: 404 }]);
  });

  it('answers 200 where no list is for all others', () => {
    expect(parsePlan('127.0.2.11=500').others).toEqual([OK]);
  });

  it.each(['', '20', 'later', '200+1s', '200{a=1', '503,,200'])('refuses %j', (text) => {
    expect(() => parsePlan(text)).toThrow('not an item of a plan');
  });
});
