import { describe, expect, it } from 'vitest';
import type { ResponseHeaders } from '../../src/engine/local-reply.ts';
import { settleHeaders } from '../../src/engine/response-headers.ts';

function settled(headers: ResponseHeaders, upgrade?: string): ResponseHeaders {
  settleHeaders(headers, upgrade);
  return headers;
}

describe('settleHeaders', () => {
  it('makes one line of those that Envoy keeps one of', () => {
    expect(settled({ vary: ['a', 'b'], 'cache-control': ['', 'b'], 'x-own': ['1', '2'], 'set-cookie': ['a=1', 'b=2'], etag: 'e' })).toEqual({
      vary: 'a,b', 'cache-control': 'b', 'x-own': ['1', '2'], 'set-cookie': ['a=1', 'b=2'], etag: 'e',
    });
  });

  it('leaves an upgrade to who asked for one', () => {
    expect(settled({ upgrade: 'h2c', 'x-own': '1' })).toEqual({ 'x-own': '1' });
    expect(settled({ upgrade: 'websocket' }, 'websocket')).toEqual({ upgrade: 'websocket' });
  });
});
