import { outcomeOf, wholeOf } from '../observe.ts';
import type { Fetch, Place, ScriptedExchange } from '../script.ts';

// `/to/STATUS?LOCATION` redirects; anything else answers with what it was asked.
const serve: ScriptedExchange['serve'] = (request, response, body) => {
  const match = /^\/to\/(\d+)\?(.*)$/.exec(request.url!);
  if (match === null) {
    response.writeHead(200, { 'set-cookie': 'a=1' }).end(`${request.method} ${request.url} ${body.toString()}`);
    return;
  }
  response.writeHead(Number(match[1]), { location: decodeURIComponent(match[2]!), 'x-hop': '1' }).end('moved');
};

const redirect = (name: string, call: (fetch: Fetch, place: Place) => Promise<Response>, own = serve): ScriptedExchange => ({
  name,
  serve: own,
  call: (fetch, place) => outcomeOf(call(fetch, place).then(wholeOf)),
});

const to = (status: number, location: string): string => `/to/${status}?${encodeURIComponent(location)}`;

const secrets = { authorization: 'Bearer a', cookie: 'b=1', 'x-a': '1', 'content-language': 'de' };

/** Redirects, followed or not. */
export const redirects: readonly ScriptedExchange[] = [
  ...[301, 302, 303, 307, 308].flatMap((status) => [
    redirect(`${status} of a GET`, (fetch, { origin }) => fetch(origin + to(status, '/done'))),
    redirect(`${status} of a POST`, (fetch, { origin }) => fetch(origin + to(status, '/done'), { method: 'POST', body: 'abc', headers: secrets })),
  ]),
  ...[300, 304, 305, 306].map((status) => redirect(`${status} is no redirect`, (fetch, { origin }) => fetch(origin + to(status, '/done')))),
  redirect('303 of a PUT', (fetch, { origin }) => fetch(origin + to(303, '/done'), { method: 'PUT', body: new URLSearchParams({ a: '1' }) })),
  redirect('307 of URLSearchParams', (fetch, { origin }) => fetch(origin + to(307, '/done'), { method: 'POST', body: new URLSearchParams({ a: '1' }) })),
  redirect('307 of bytes', (fetch, { origin }) => fetch(origin + to(307, '/done'), { method: 'POST', body: new Uint8Array([1, 2, 3]) })),
  redirect('307 of a Blob', (fetch, { origin }) => fetch(origin + to(307, '/done'), { method: 'POST', body: new Blob(['abc']) })),
  redirect('307 of a stream', (fetch, { origin }) =>
    fetch(origin + to(307, '/done'), { method: 'POST', body: new Blob(['abc']).stream(), duplex: 'half' } as never)),
  redirect('303 of a HEAD', (fetch, { origin }) => fetch(origin + to(303, '/done'), { method: 'HEAD' })),
  redirect('to another origin', (fetch, { origin, other }) => fetch(origin + to(302, `${other}/done`), { headers: secrets })),
  redirect('to another origin with a body', (fetch, { origin, other }) =>
    fetch(origin + to(307, `${other}/done`), { method: 'POST', body: 'abc', headers: secrets })),
  redirect('back and forth', (fetch, { origin, other }) => fetch(origin + to(302, other + to(307, `${origin}/done`)), { headers: secrets })),
  redirect('a fragment is kept', (fetch, { origin }) => fetch(`${origin}${to(302, '/done')}#here`)),
  redirect('a fragment is replaced', (fetch, { origin }) => fetch(`${origin}${to(302, '/done#there')}#here`)),
  redirect('a relative location', (fetch, { origin }) => fetch(origin + to(302, 'x/../y?z'))),
  redirect('an empty location', (fetch, { origin }) => fetch(`${origin}/once`), (request, response) =>
    request.url === '/once' ? response.writeHead(200).end('x') : response.writeHead(302, { location: '' }).end()),
  redirect('no location', (fetch, { origin }) => fetch(origin), (_request, response) => void response.writeHead(302).end('stay')),
  redirect('a location outside ASCII', (fetch, { origin }) => fetch(origin), (request, response) =>
    request.url === '/' ? response.writeHead(302, { location: Buffer.from('/é').toString('latin1') }).end() : response.end(request.url)),
  redirect('an invalid location', (fetch, { origin }) => fetch(origin + to(302, 'http://[/'))),
  redirect('a location that is no HTTP', (fetch, { origin }) => fetch(origin + to(302, 'data:text/plain,x'))),
  redirect('a location with credentials', (fetch, { origin, port }) => fetch(origin + to(302, `http://u:p@127.0.0.1:${port}/done`))),
  redirect('a location with credentials elsewhere', (fetch, { origin, port }) => fetch(origin + to(302, `http://u:p@localhost:${port}/done`))),
  redirect('twenty in a row', (fetch, { origin }) => fetch(`${origin}/20`), countdown()),
  redirect('twenty-one in a row', (fetch, { origin }) => fetch(`${origin}/21`), countdown()),
  redirect('manual', (fetch, { origin }) => fetch(origin + to(302, '/done'), { redirect: 'manual' })),
  redirect('manual, with a body', (fetch, { origin }) => fetch(origin + to(307, '/done'), { redirect: 'manual', method: 'POST', body: 'abc' })),
  redirect('error', (fetch, { origin }) => fetch(origin + to(302, '/done'), { redirect: 'error' })),
  redirect('error, not redirected', (fetch, { origin }) => fetch(`${origin}/done`, { redirect: 'error' })),
  redirect('a Request with redirect manual', (fetch, { origin }) => fetch(new Request(origin + to(302, '/done'), { redirect: 'manual' }))),
  redirect('a large body on the way', (fetch, { origin }) => fetch(origin), (request, response) =>
    request.url === '/' ? response.writeHead(302, { location: '/done' }).end('x'.repeat(300_000)) : response.end('done')),
  redirect('a referrer policy on the way', (fetch, { origin }) => fetch(origin, { referrer: `${origin}/from` }), (request, response) =>
    request.url === '/' ? response.writeHead(302, { location: '/done', 'referrer-policy': 'no-referrer' }).end() : response.end('done')),
  {
    name: 'a clone of a redirected response',
    serve,
    call: async (fetch, { origin }) => {
      const clone = (await fetch(origin + to(302, '/done'))).clone();
      return wholeOf(clone);
    },
  },
];

function countdown(): NonNullable<ScriptedExchange['serve']> {
  return (request, response) => {
    const left = Number(request.url!.slice(1));
    if (left === 0) response.end('done');
    else response.writeHead(302, { location: `/${left - 1}` }).end();
  };
}
