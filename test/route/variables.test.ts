import { describe, expect, it } from 'vitest';
import { checkHeaderValue, HeaderValue } from '../../src/route/variables.ts';
import { head, lines, variables } from './support.ts';

const context = {
  request: head({ path: '/p?q=1&text=a%20b+%C3%BC%zz&lines=a%0Ab', headers: lines({ 'x-envoy-original-path': '/old?x', 'x-user': 'jason', 'x-list': ['a', 'b'], 'x-empty': '', host: 'never this' }) }),
  response: { 'x-from': 'svc', 'set-cookie': ['a=1', 'b=2'] },
  variables: variables({ PROTOCOL: 'HTTP/1.1', RESPONSE_CODE: '201', 'START_TIME(%Y/%m)': '2026/03', UPSTREAM_CLUSTER: 'outbound|80||a' }),
};

describe('HeaderValue', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['100%%', '100%'],
    ['%%REQ(x-user)%%', '%REQ(x-user)%'],
    ['user=%REQ(x-user)%', 'user=jason'],
    ['%REQ(X-User)%', 'jason'],
    ['%REQ(x-list)%', 'a'],
    ['%REQ(x-absent)%', ''],
    ['[%REQ(x-absent)%]', '[]'],
    ['%REQ(x-absent?x-user)%', 'jason'],
    ['%REQ(x-empty?x-user)%', ''],
    ['%REQ(x-user):3%', 'jas'],
    ['%REQ(x-user):12%', 'jason'],
    ['%REQ%', ''],
    // A space is part of the name.
    ['%REQ(x-absent? x-user)%', ''],
    ['%REQ(:method)% %REQ(:path)% %REQ(:authority)% %REQ(:scheme)%', 'GET /p?q=1&text=a%20b+%C3%BC%zz&lines=a%0Ab reviews:9080 http'],
    ['%REQ(host)%', 'reviews:9080'],
    ['%QUERY_PARAM(q)%', '1'],
    ['%QUERY_PARAM(text)%', 'a b+\xc3\xbc%zz'],
    ['%QUERY_PARAM(lines)%', 'a%0Ab'],
    ['%QUERY_PARAM(none)%', ''],
    ['%QUERY_PARAM%', ''],
    ['%PATH%', '/old?x'],
    ['%PATH(WQ:PATH)%', '/p?q=1&text=a%20b+%C3%BC%zz&lines=a%0Ab'],
    ['%PATH(NQ:PATH)%', '/p'],
    ['%PATH(NQ)%', '/old'],
    ['%PATH(:ORIG)%', '/old?x'],
    ['%PATH(NQ:ORIG_OR_PATH)%', '/old'],
    ['%RESP(x-from)%', 'svc'],
    ['%RESP(set-cookie)%', 'a=1'],
    ['%RESP(:status)%', '201'],
    ['%RESP(constructor)%', ''],
    ['%PROTOCOL%', 'HTTP/1.1'],
    ['%START_TIME(%Y/%m)%', '2026/03'],
    ['%UPSTREAM_CLUSTER%|%NOTHING_KNOWN%|', 'outbound|80||a||'],
  ])('%j comes out as %j', (text, expected) => {
    expect(new HeaderValue(text).format(context)).toBe(expected);
  });

  it('has no response to look at while the request goes out', () => {
    expect(new HeaderValue('%RESP(x-from)%').format({ ...context, response: undefined })).toBe('');
  });

  it('takes the path as it is where nothing rewrote it', () => {
    const request = head({ path: '/p?q' });
    const format = (text: string): string => new HeaderValue(text).format({ ...context, request });

    expect([format('%PATH%'), format('%PATH(NQ)%'), format('%PATH(WQ:ORIG)%')]).toEqual(['/p?q', '/p', '']);
  });

  it('knows when it is the same for every request', () => {
    expect(new HeaderValue('100%%').literal).toBe('100%');
    expect(new HeaderValue('%PROTOCOL%').literal).toBeUndefined();
  });

  it.each(['50%', '%', '%REQ(x%', '% PROTOCOL%', '%protocol%', 'a%b%', '%REQ(x)'])('refuses %j', (text) => {
    expect(checkHeaderValue(text)).toMatch(/percent sign is written %%/);
    expect(() => new HeaderValue(text)).toThrow(RangeError);
  });

  it('says where', () => {
    expect(checkHeaderValue('100%% of 50%')).toBe('is no valid format at character 12: a single percent sign is written %%');
  });

  it('accepts what makes sense', () => {
    expect(checkHeaderValue('%REQ(x)% 100%%')).toBeUndefined();
  });
});
