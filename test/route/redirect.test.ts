import { describe, expect, it } from 'vitest';
import type { RedirectOptions, RequestHead, RouteMatch } from '../../src/route/model.ts';
import { redirectLocation } from '../../src/route/redirect.ts';
import { head, lines } from './support.ts';

function location(options: RedirectOptions, about: Partial<RequestHead> = {}, match: RouteMatch = {}): string {
  // As in a walk, where x-forwarded-proto is always there when routes are matched.
  return redirectLocation(head({ headers: lines({ 'x-forwarded-proto': about.scheme ?? 'http' }), ...about }), options, match);
}

describe('redirectLocation', () => {
  it.each<[RedirectOptions, Partial<RequestHead>, string]>([
    [{ uri: '/n' }, { path: '/old/deep?q=1' }, 'http://reviews:9080/n?q=1'],
    [{ uri: '/n?z=1' }, { path: '/o?q=1' }, 'http://reviews:9080/n?z=1'],
    [{ uri: '/n' }, { authority: 'reviews.default', path: '/o' }, 'http://reviews.default/n'],
    [{ uri: '/n' }, { scheme: 'https' }, 'https://reviews:9080/n'],
    [{ uri: '' }, { path: '/kept?q' }, 'http://reviews:9080/kept?q'],
    [{ uri: 'n' }, { path: '/o?q=1' }, 'http://reviews:9080/n?q=1'],
    [{ uri: '?z=1' }, { path: '/o' }, 'http://reviews:9080/?z=1'],
    [{ authority: 'new.example.com' }, { path: '/a?q=1' }, 'http://new.example.com/a?q=1'],
    [{ authority: 'new.example.com:8443' }, {}, 'http://new.example.com:8443/'],
    [{ authority: 'new.example.com:8443', port: 81 }, {}, 'http://new.example.com:8443:81/'],
    [{ port: 8080 }, { path: '/x?y' }, 'http://reviews:8080/x?y'],
    [{ port: 8080 }, { authority: '[::1]:80' }, 'http://[::1]:8080/'],
    // A port that is its scheme's default counts as none, so that the Host keeps its own.
    [{ port: 80 }, {}, 'http://reviews:9080/'],
    [{ port: 443, scheme: 'https' }, {}, 'https://reviews:9080/'],
    [{ port: 80, scheme: 'https' }, {}, 'https://reviews:80/'],
    [{ port: 443 }, {}, 'http://reviews:443/'],
    [{ authority: 'new.example.com', port: 444, scheme: 'https' }, {}, 'https://new.example.com:444/'],
    [{ derivePort: 'FROM_REQUEST_PORT', scheme: 'https' }, { authority: 'reviews:1234' }, 'https://reviews:9080/'],
    [{ derivePort: 'FROM_REQUEST_PORT', authority: 'a.example.com' }, {}, 'http://a.example.com:9080/'],
    [{ derivePort: 'FROM_REQUEST_PORT' }, { authority: 'cart:1234', port: 80 }, 'http://cart:1234/'],
    [{ derivePort: 'FROM_PROTOCOL_DEFAULT' }, {}, 'http://reviews:9080/'],
    [{ derivePort: 'FROM_PROTOCOL_DEFAULT' }, { authority: 'reviews' }, 'http://reviews/'],
    // Another scheme drops the old one's default port, and no other.
    [{ scheme: 'https' }, { authority: 'cart' }, 'https://cart/'],
    [{ scheme: 'https' }, { authority: 'cart:80' }, 'https://cart/'],
    [{ scheme: 'https' }, { authority: 'cart:8080' }, 'https://cart:8080/'],
    [{ scheme: 'https' }, { authority: 'cart:443', scheme: 'https' }, 'https://cart:443/'],
    [{ scheme: 'http' }, { authority: 'cart:443', scheme: 'https' }, 'http://cart/'],
    [{ scheme: 'https' }, { authority: '[::1]:80' }, 'https://[::1]/'],
    [{}, { path: '/302?x=1' }, 'http://reviews:9080/302?x=1'],
    [{ port: 0 }, {}, 'http://reviews:9080/'],
    [{ port: 8080 }, { authority: 'cart' }, 'http://cart:8080/'],
    [{ port: 8080 }, { authority: 'c:81' }, 'http://c:8080/'],
    // Only both together are a default: the scheme and its own port.
    [{ scheme: 'https' }, { authority: 'cart:443' }, 'https://cart:443/'],
    [{ scheme: 'http' }, { authority: 'cart:80', scheme: 'https' }, 'http://cart:80/'],
    [{ scheme: 'http' }, { authority: 'cart:8443', scheme: 'https' }, 'http://cart:8443/'],
  ])('%j on %j leads to %s', (options, about, expected) => {
    expect(location(options, about)).toBe(expected);
  });

  it('takes the old scheme from x-forwarded-proto, if that is there', () => {
    const forwarded = head({ authority: 'cart:443', headers: lines({ 'x-forwarded-proto': 'https' }) });
    const direct = head({ authority: 'cart:80', headers: [] });
    const shouted = head({ authority: 'cart:443', scheme: 'https', headers: lines({ 'x-forwarded-proto': 'HTTPS' }) });

    expect(redirectLocation(forwarded, { scheme: 'http' })).toBe('http://cart/');
    expect(redirectLocation(direct, { scheme: 'https' })).toBe('https://cart/');
    expect(redirectLocation(shouted)).toBe('https://cart/');
    expect(redirectLocation(direct)).toBe('http://cart:80/');
  });

  it.each<[RouteMatch, string, string, string]>([
    [{ uri: { prefix: '/old/' } }, '/new/', '/old/a/old/?q=/old/', '/new/a/old/?q=/old/'],
    [{ uri: { prefix: '/glue' } }, '/', '/glue/a', '//a'],
    [{ uri: { prefix: '/glue' } }, '/', '/glued?x=1', '/d?x=1'],
    [{ uri: { prefix: '/OLD' }, ignoreUriCase: true }, '/new', '/old/x', '/new/x'],
  ])('%j with prefixRewrite %j makes of %j %j', (match, prefixRewrite, path, expected) => {
    expect(location({ prefixRewrite }, { path }, match)).toBe(`http://reviews:9080${expected}`);
  });
});
