import { describe, expect, it } from 'vitest';
import { codesIn, findingsIn, rules } from '../findings.ts';

const TO = 'route: [{destination: {host: api}}]';

/** The rules that are shadowed in a VirtualService whose rules have these matches. */
function shadowed(...matches: readonly string[]): string[] {
  return shadowedOn('', ...matches);
}

function shadowedOn(more: string, ...matches: readonly string[]): string[] {
  const http = matches.map((match) => `- ${match === '' ? '' : `match: ${match}\n  `}${TO}`).join('\n');
  return codesIn([rules(http, more)], 'TSM0001').map((line) => line.split(' ').at(-1)!);
}

describe('TSM0001', () => {
  it.each([
    ['a longer prefix', '[{uri: {prefix: /a}}]', '[{uri: {prefix: /a/b}}]'],
    ['a path below a prefix', '[{uri: {prefix: /a}}]', '[{uri: {exact: /abc}}]'],
    ['a path that an expression takes', '[{uri: {regex: "/v[0-9]+"}}]', '[{uri: {exact: /v12}}]'],
    ['the same with one condition more', '[{uri: {prefix: /a}}]', '[{uri: {prefix: /a}, headers: {end-user: {exact: jason}}}]'],
    ['every path, said as one', '[{uri: {prefix: /}, method: {exact: GET}}]', '[{uri: {prefix: /a}, method: {exact: GET}}]'],
    ['presence of a header', '[{headers: {user: {}}}]', '[{headers: {User: {exact: jason}}}]'],
    ['an expression for everything', '[{headers: {user: {regex: ".*"}}}]', '[{headers: {user: {prefix: j}}}]'],
    ['letters of both cases', '[{uri: {prefix: /A}, ignoreUriCase: true}]', '[{uri: {exact: /ab}}]'],
    ['a query parameter', '[{queryParams: {v: {exact: "1"}}}]', '[{queryParams: {v: {exact: "1"}}, port: 80}]'],
    ['two matches, each taken', '[{method: {exact: GET}}, {uri: {prefix: /a}}]', '[{uri: {exact: /ab}}, {method: {exact: GET}, port: 80}]'],
    ['an absent header', '[{withoutHeaders: {user: {}}}]', '[{withoutHeaders: {user: {}}, uri: {prefix: /a}}]'],
    ['labels of the caller', '[{sourceLabels: {app: a}}]', '[{sourceLabels: {app: a, version: v1}}]'],
    ['the namespace of the caller', '[{sourceNamespace: shop}]', '[{sourceNamespace: shop, uri: {prefix: /a}}]'],
  ])('tells of %s', (_, earlier, later) => {
    expect(shadowed(earlier, later, '')).toEqual(['spec.http[1]']);
  });

  it.each([
    ['the narrower one first', '[{uri: {prefix: /a/b}}]', '[{uri: {prefix: /a}}]'],
    ['another method', '[{uri: {prefix: /a}, method: {exact: GET}}]', '[{uri: {prefix: /a/b}}]'],
    ['another port', '[{port: 80}]', '[{port: 81}]'],
    ['one match of two', '[{uri: {prefix: /a}}]', '[{uri: {prefix: /a/b}}, {uri: {prefix: /b}}]'],
    ['other letters', '[{uri: {prefix: /a}}]', '[{uri: {prefix: /a/b}, ignoreUriCase: true}]'],
    ['an expression, which looks at the case', '[{uri: {regex: "/a.*"}, ignoreUriCase: true}]', '[{uri: {exact: /AB}}]'],
    ['a path in all letters', '[{uri: {regex: "/[?-^]"}}]', '[{uri: {exact: /A}, ignoreUriCase: true}]'],
    ['an expression that may take less', '[{uri: {regex: "/a.*"}}]', '[{uri: {prefix: /a}}]'],
    ['a header that may be absent', '[{headers: {user: {}}}]', '[{uri: {prefix: /a}}]'],
    ['a header that another must not have', '[{withoutHeaders: {user: {}}}]', '[{withoutHeaders: {user: {exact: jason}}}]'],
    ['a header of all values but one', '[{withoutHeaders: {user: {exact: jason}}}]', '[{withoutHeaders: {user: {prefix: j}}}]'],
    ['more labels first', '[{sourceLabels: {app: a, version: v1}}]', '[{sourceLabels: {app: a}}]'],
    ['other names of query parameters', '[{queryParams: {v: {exact: "1"}}}]', '[{queryParams: {V: {exact: "1"}}}]'],
    ['two conditions in one, which Istio refuses', '[{uri: {prefix: /, exact: /a}}]', '[{uri: {prefix: /a}}]'],
  ])('is silent about %s', (_, earlier, later) => {
    expect(shadowed(earlier, later, '')).toEqual([]);
  });

  it('leaves to Istio\'s own codes what these tell', () => {
    expect(shadowed('', '[{uri: {prefix: /a}}]')).toEqual([]);
    expect(shadowed('[{uri: {prefix: /a}}]', '[{uri: {prefix: /a}}]')).toEqual([]);
  });

  it('knows that a delegate takes only what it takes', () => {
    const delegating = rules(`- match: [{uri: {prefix: /a}}]\n  delegate: {name: other}\n- match: [{uri: {prefix: /a/b}}]\n  ${TO}`);
    expect(codesIn([delegating], 'TSM0001')).toEqual([]);
  });

  it('knows that on a gateway a rule for every path comes last', () => {
    const matches = ['[{uri: {prefix: /}}]', '[{uri: {prefix: /a}}]'] as const;
    expect(shadowed(...matches)).toEqual(['spec.http[1]']);
    expect(shadowedOn('gateways: [edge]', ...matches)).toEqual([]);
    expect(shadowedOn('gateways: [edge]', '[{uri: {prefix: /a}}]', '[{uri: {prefix: /a/b}}]')).toEqual(['spec.http[1]']);
  });

  it('compares the gateways of matches', () => {
    const inner = '[{gateways: [mesh], uri: {prefix: /a}}]';
    const both = '[{uri: {prefix: /a/b}}]';
    expect(shadowedOn('gateways: [mesh, edge]', inner, both)).toEqual([]);
    expect(shadowedOn('gateways: [mesh]', inner, both)).toEqual(['spec.http[1]']);
    expect(shadowedOn('gateways: [mesh, edge]', '[{uri: {prefix: /a}}]', '[{gateways: [edge], uri: {prefix: /a/b}}]')).toEqual(['spec.http[1]']);
  });

  it('says which rule takes the calls, and where it stands', () => {
    const [finding] = findingsIn([rules(`- name: all\n  match: [{uri: {prefix: /a}}]\n  ${TO}\n- name: one\n  match: [{uri: {exact: /a/b}}]\n  ${TO}`)], {
      complete: false,
    });
    expect(finding).toMatchObject({
      code: 'TSM0001',
      level: 'warning',
      message: 'this rule ("one") can never match: spec.http[0].match[0] before it takes all its requests',
      line: 11,
      related: [{ message: 'takes them', line: 9 }],
    });
  });
});
