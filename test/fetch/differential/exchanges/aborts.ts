import { describeError, drain, headOf, outcomeOf } from '../observe.ts';
import type { ScriptedExchange } from '../script.ts';

const silent: ScriptedExchange['serve'] = () => {};
const half: ScriptedExchange['serve'] = (_request, response) => {
  response.writeHead(200, { 'content-length': 100 });
  response.write('first');
};

/** Signals that fire before, during and after. */
export const aborts: readonly ScriptedExchange[] = [
  {
    name: 'aborted before',
    call: (fetch, { origin }) => outcomeOf(fetch(origin, { signal: AbortSignal.abort() })),
  },
  {
    name: 'aborted before, with a reason of one\'s own',
    call: async (fetch, { origin }) => {
      const reason = { mine: true };
      return fetch(origin, { signal: AbortSignal.abort(reason) }).catch((error: unknown) => [error === reason, error]);
    },
  },
  {
    name: 'aborted before, and wrong besides',
    call: (fetch, { origin }) => outcomeOf(fetch(origin, { signal: AbortSignal.abort(), method: 'A B' })),
  },
  {
    name: 'aborted before, a stream as body',
    call: async (fetch, { origin }) => {
      const body = new Blob(['abc']).stream();
      return [await outcomeOf(fetch(origin, { signal: AbortSignal.abort(), method: 'POST', body, duplex: 'half' } as never)), body.locked];
    },
  },
  {
    name: 'aborted before the head',
    serve: silent,
    call: async (fetch, { origin, requests, disconnected }) => {
      const controller = new AbortController();
      const answer = outcomeOf(fetch(origin, { signal: controller.signal }));
      await requests(1);
      controller.abort();
      await disconnected();
      return answer;
    },
  },
  {
    name: 'aborted before the head, with a reason that is a string',
    serve: silent,
    call: async (fetch, { origin, requests }) => {
      const controller = new AbortController();
      const answer = fetch(origin, { signal: controller.signal });
      await requests(1);
      controller.abort('why not');
      return answer.catch((error: unknown) => error);
    },
  },
  {
    name: 'aborted at once after the call',
    call: (fetch, { refused }) => {
      const controller = new AbortController();
      const answer = outcomeOf(fetch(refused, { signal: controller.signal }));
      controller.abort();
      return answer;
    },
  },
  {
    name: 'a timeout before the head',
    serve: silent,
    call: (fetch, { origin }) => outcomeOf(fetch(origin, { signal: AbortSignal.timeout(300) })),
  },
  {
    name: 'the signal of a Request',
    serve: silent,
    call: async (fetch, { origin, requests }) => {
      const controller = new AbortController();
      const answer = outcomeOf(fetch(new Request(origin, { signal: controller.signal })));
      await requests(1);
      controller.abort(new RangeError('mine'));
      return answer;
    },
  },
  {
    name: 'aborted while text waits',
    serve: half,
    call: async (fetch, { origin, disconnected }) => {
      const controller = new AbortController();
      const response = await fetch(origin, { signal: controller.signal });
      const text = outcomeOf(response.text());
      setTimeout(() => controller.abort(), 10);
      const seen = [await text, response.bodyUsed, await outcomeOf(response.text())];
      await disconnected();
      return seen;
    },
  },
  {
    name: 'aborted after the head, read later',
    serve: half,
    call: async (fetch, { origin }) => {
      const controller = new AbortController();
      const response = await fetch(origin, { signal: controller.signal });
      controller.abort(new RangeError('mine'));
      return [headOf(response), await outcomeOf(response.text()), response.bodyUsed];
    },
  },
  {
    name: 'aborted after the head, then streamed',
    serve: half,
    call: async (fetch, { origin }) => {
      const controller = new AbortController();
      const response = await fetch(origin, { signal: controller.signal });
      controller.abort();
      return drain(response.body!);
    },
  },
  {
    name: 'aborted between two reads of a stream',
    serve: half,
    call: async (fetch, { origin }) => {
      const controller = new AbortController();
      const response = await fetch(origin, { signal: controller.signal });
      const reader = response.body!.getReader();
      const first = await reader.read();
      const second = outcomeOf(reader.read());
      controller.abort('stop');
      return [Buffer.from(first.value!).toString(), await second, await outcomeOf(reader.closed)];
    },
  },
  {
    name: 'aborted when all has come but nothing was read',
    call: async (fetch, { origin }) => {
      const controller = new AbortController();
      const response = await fetch(origin, { signal: controller.signal });
      await new Promise((resolve) => setTimeout(resolve, 30));
      controller.abort();
      return outcomeOf(response.text());
    },
  },
  ...(['text', 'json', 'arrayBuffer', 'bytes', 'blob'] as const).map((reader): ScriptedExchange => ({
    name: `aborted at once after ${reader} was called, when all has come`,
    serve: (_request, response) => void response.end('{}'),
    call: async (fetch, { origin }) => {
      const controller = new AbortController();
      const response = await fetch(origin, { signal: controller.signal });
      await new Promise((resolve) => setTimeout(resolve, 30));
      const answer = outcomeOf(response[reader]());
      controller.abort();
      return [response.bodyUsed, await answer];
    },
  })),
  {
    name: 'aborted after all was read',
    call: async (fetch, { origin }) => {
      const controller = new AbortController();
      const response = await fetch(origin, { signal: controller.signal });
      const text = await response.text();
      controller.abort();
      return [text, response.bodyUsed, await outcomeOf(response.text())];
    },
  },
  {
    name: 'aborted with a clone',
    serve: half,
    call: async (fetch, { origin }) => {
      const controller = new AbortController();
      const response = await fetch(origin, { signal: controller.signal });
      const clone = response.clone();
      const texts = [outcomeOf(response.text()), outcomeOf(clone.text())];
      controller.abort();
      return Promise.all(texts);
    },
  },
  {
    name: 'aborted in the middle of a redirect',
    serve: (request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/next' }).end();
    },
    call: async (fetch, { origin, requests }) => {
      const controller = new AbortController();
      const answer = outcomeOf(fetch(origin, { signal: controller.signal }));
      await requests(2);
      controller.abort();
      return answer;
    },
  },
  {
    name: 'aborted while the request is sent',
    call: async (fetch, { origin, started }) => {
      const controller = new AbortController();
      let cancelled: unknown = 'not cancelled';
      const body = new ReadableStream({
        start: (stream) => stream.enqueue(new Uint8Array(1000)),
        pull: () => new Promise(() => {}),
        cancel(reason) {
          cancelled = describeError(reason);
        },
      });
      const answer = outcomeOf(fetch(origin, { method: 'POST', body, duplex: 'half', signal: controller.signal } as never));
      await started();
      setTimeout(() => controller.abort(), 50);
      return [await answer, cancelled];
    },
  },
];
