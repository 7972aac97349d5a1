import { inspect } from 'node:util';
import { outcomeOf, resultOf } from '../observe.ts';
import type { ScriptedExchange } from '../script.ts';

const look = (name: string, at: (response: Response) => unknown): ScriptedExchange => ({
  name,
  serve: (_request, response) => {
    response.sendDate = false;
    response.writeHead(200, { 'x-b': '2', 'x-a': '1', 'set-cookie': ['a=1', 'b=2'], 'content-length': '2' }).end('ok');
  },
  call: async (fetch, { origin }) => at(await fetch(`${origin}/path`)),
});

const members = (object: object): string[] => {
  const names: string[] = [];
  for (const name in object) names.push(name);
  return names.sort();
};

/** What the objects are, besides what they do. */
export const objects: readonly ScriptedExchange[] = [
  look('instances', (response) => [
    response instanceof Response, response.headers instanceof Headers, response.constructor === Response,
    response.headers.constructor === Headers, Object.prototype.toString.call(response), Object.prototype.toString.call(response.headers),
    String(response), typeof response,
  ]),
  look('members', (response) => [
    members(response), members(response.headers), Object.keys(response), Object.keys(response.headers), JSON.stringify(response),
    JSON.stringify(response.headers), { ...response }, 'then' in response, 'body' in response,
  ]),
  look('inspect', (response) => [inspect(response, { colors: false, depth: 0 }), inspect(response.headers), `${inspect({ response }, { depth: 1 })}`]),
  look('structuredClone', (response) => [resultOf(() => structuredClone(response)), resultOf(() => structuredClone(response.headers))]),
  look('members cannot be set', (response) => [
    resultOf(() => {
      'use strict';
      (response as { status: number }).status = 5;
    }),
    response.status,
  ]),
  look('headers are the same object', (response) => [response.headers === response.headers, response.clone().headers === response.headers]),
  look('headers are immutable', ({ headers }) => [
    resultOf(() => headers.set('a', 'b')), resultOf(() => headers.append('a', 'b')), resultOf(() => headers.delete('x-a')),
    resultOf(() => headers.set('a b', 'b')), resultOf(() => (headers.set as unknown as () => void)()), [...headers],
  ]),
  look('headers of a clone are immutable', (response) => resultOf(() => response.clone().headers.set('a', 'b'))),
  look('header reading', ({ headers }) => [
    headers.get('X-A'), headers.get('none'), headers.get('set-cookie'), headers.has('x-B'), headers.has('none'), headers.getSetCookie(),
    [...headers.keys()], [...headers.values()], [...headers.entries()], headers.get('constructor'), headers.has('toString'),
    resultOf(() => headers.get('a b')), resultOf(() => headers.has('')), resultOf(() => (headers.get as unknown as () => void)()),
    resultOf(() => headers.get(5 as never)), resultOf(() => headers.get('é€')),
  ]),
  look('headers.forEach', ({ headers }) => {
    const seen: unknown[] = [];
    headers.forEach(function (this: unknown, value, name, object) {
      seen.push(name, value, object === headers, this === undefined);
    });
    return [seen, resultOf(() => headers.forEach('x' as never))];
  }),
  look('headers as input', ({ headers }) => [
    [...new Headers(headers)], [...new Request('http://a/', { headers }).headers], [...new Response(null, { headers }).headers],
  ]),
  look('iterators', ({ headers }) => [
    Object.prototype.toString.call(headers.entries()), headers[Symbol.iterator]().next(), Object.prototype.toString.call(headers.keys()),
  ]),
  {
    name: 'own names of fetch',
    call: (fetch) => Promise.resolve([fetch.name, fetch.length, typeof fetch]),
  },
  {
    name: 'Object.assign and destructuring of a response',
    call: async (fetch, { origin }) => {
      const { status, ok, headers } = await fetch(origin);
      return [status, ok, headers.get('content-type')];
    },
  },
  {
    name: 'methods torn from their object',
    call: async (fetch, { origin }) => {
      const { text } = await fetch(origin);
      return [(await outcomeOf(Promise.resolve().then(() => text.call({} as never)))) !== undefined];
    },
  },
];
