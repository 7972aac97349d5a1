import { wholeOf } from '../observe.ts';
import type { Fetch, Place, ScriptedExchange } from '../script.ts';

const get = (name: string, call: (fetch: Fetch, place: Place) => Promise<Response>): ScriptedExchange => ({
  name,
  call: async (fetch, place) => wholeOf(await call(fetch, place)),
});

/** What a server sees of a request without a body. */
export const requests: readonly ScriptedExchange[] = [
  get('a plain string', (fetch, { origin }) => fetch(origin)),
  get('a path and a query', (fetch, { origin }) => fetch(`${origin}/a/b?c=d&e=%20f`)),
  get('a URL object', (fetch, { origin }) => fetch(new URL('/a?b', origin))),
  get('an origin with only a query', (fetch, { origin }) => fetch(`${origin}?a=1`)),
  get('an empty query', (fetch, { origin }) => fetch(`${origin}/a?`)),
  get('an empty query and a fragment', (fetch, { origin }) => fetch(`${origin}/a?#b`)),
  get('a fragment', (fetch, { origin }) => fetch(`${origin}/a#fragment`)),
  get('dot segments', (fetch, { origin }) => fetch(`${origin}/a/./b/../c/%2e%2E/d`)),
  get('a segment that begins with a dot', (fetch, { origin }) => fetch(`${origin}/.well-known/x.y`)),
  get('characters the URL parser escapes', (fetch, { origin }) => fetch(`${origin}/a b"<>\`{}|^\\é?q='"<> é€#x`)),
  get('a lone surrogate in the URL', (fetch, { origin }) => fetch(`${origin}/\ud800`)),
  get('brackets in the query', (fetch, { origin }) => fetch(`${origin}/?ids[]=1&ids[]=2`)),
  get('white space around the URL', (fetch, { origin }) => fetch(`  ${origin}/a\t\n `)),
  get('upper case scheme and host', (fetch, { port }) => fetch(`HTTP://LOCALHOST:${port}/A`)),
  get('an address in an odd spelling', (fetch, { port }) => fetch(`http://127.1:${port}/`)),
  get('two slashes and a question mark in the query', (fetch, { origin }) => fetch(`${origin}//a//b?c?d//e`)),
  get('an object with toString', (fetch, { origin }) => fetch({ toString: () => `${origin}/s` } as never)),
  get('headers as an object', (fetch, { origin }) => fetch(origin, { headers: { 'X-A': '1', 'x-b': '', 'x-c': 'é' } })),
  get('headers as pairs', (fetch, { origin }) => fetch(origin, { headers: [['x-a', '1'], ['X-A', '2'], ['x-b', '3']] })),
  get('headers as Headers', (fetch, { origin }) => fetch(origin, { headers: new Headers({ B: '2', a: '1' }) })),
  get('headers as a Map', (fetch, { origin }) => fetch(origin, { headers: new Map([['x-a', '1']]) as never })),
  get('header values that are no strings', (fetch, { origin }) =>
    fetch(origin, { headers: { 'x-n': 1, 'x-t': true, 'x-u': undefined, 'x-l': null } as never })),
  get('header values with white space around', (fetch, { origin }) => fetch(origin, { headers: { 'x-a': ' \t1 2\t ' } })),
  get('names that differ in case only', (fetch, { origin }) => fetch(origin, { headers: { 'X-a': '1', 'x-A': '2' } })),
  get('cookies', (fetch, { origin }) => fetch(origin, { headers: [['cookie', 'a=1'], ['Cookie', 'b=2']] })),
  get('set-cookie in a request', (fetch, { origin }) => fetch(origin, { headers: [['set-cookie', 'a=1'], ['set-cookie', 'b=2']] })),
  get('host is dropped', (fetch, { origin }) => fetch(origin, { headers: { host: 'example.com' } })),
  get('own values for what fetch adds', (fetch, { origin }) =>
    fetch(origin, {
      headers: { accept: 'text/html', 'Accept-Language': 'de', 'User-Agent': 'me', 'accept-encoding': 'identity', 'sec-fetch-mode': 'navigate' },
    })),
  get('fetch metadata and origin of one\'s own', (fetch, { origin }) =>
    fetch(origin, { headers: { origin: 'http://a.example', referer: 'http://b.example/', 'sec-fetch-site': 'none' } })),
  get('connection: close', (fetch, { origin }) => fetch(origin, { headers: { connection: 'close' } })),
  get('a range', (fetch, { origin }) => fetch(origin, { headers: { range: 'bytes=0-1' } })),
  get('a conditional request', (fetch, { origin }) => fetch(origin, { headers: { 'if-none-match': '"x"' } })),
  get('method HEAD', (fetch, { origin }) => fetch(origin, { method: 'HEAD' })),
  get('method in lower case', (fetch, { origin }) => fetch(origin, { method: 'delete' })),
  get('method patch in lower case', (fetch, { origin }) => fetch(origin, { method: 'PATCH' })),
  get('methods with no rule', (fetch, { origin }) => fetch(origin, { method: 'OPTIONS' })),
  get('a method of one\'s own', (fetch, { origin }) => fetch(origin, { method: 'Purge' })),
  get('an empty init', (fetch, { origin }) => fetch(origin, {})),
  get('init null', (fetch, { origin }) => fetch(origin, null as never)),
  get('init an instance of a class with getters', (fetch, { origin }) =>
    fetch(origin, new (class {
      readonly #method = 'PUT';
      get method(): string {
        return this.#method;
      }
      get headers(): Record<string, string> {
        return { 'x-a': '1' };
      }
    })())),
  get('members undefined', (fetch, { origin }) =>
    fetch(origin, { method: undefined, headers: undefined, body: undefined, signal: undefined, redirect: undefined })),
  get('credentials, mode, cache, keepalive', (fetch, { origin }) =>
    fetch(origin, { credentials: 'include', mode: 'same-origin', cache: 'no-cache', keepalive: true })),
  get('cache no-store', (fetch, { origin }) => fetch(origin, { cache: 'no-store' })),
  get('cache reload over an own cache-control', (fetch, { origin }) =>
    fetch(origin, { cache: 'reload', headers: { 'cache-control': 'max-age=5' } })),
  get('mode no-cors', (fetch, { origin }) => fetch(origin, { mode: 'no-cors' })),
  get('a referrer', (fetch, { origin }) => fetch(origin, { referrer: `${origin}/from?here#there` })),
  get('a referrer and a policy', (fetch, { origin, other }) => fetch(origin, { referrer: `${other}/from`, referrerPolicy: 'origin' })),
  get('a Request', (fetch, { origin }) => fetch(new Request(`${origin}/r`, { headers: { 'X-A': '1' }, method: 'DELETE' }))),
  get('a Request and an init', (fetch, { origin }) =>
    fetch(new Request(`${origin}/r`, { headers: { 'x-a': '1' }, method: 'DELETE' }), { headers: { 'x-b': '2' } })),
  get('a Request with a referrer', (fetch, { origin }) => fetch(new Request(`${origin}/r`, { referrer: `${origin}/from` }))),
  get('a Request with cache and mode', (fetch, { origin }) => fetch(new Request(`${origin}/r`, { cache: 'no-cache', mode: 'same-origin' }))),
];
