import './native-first.ts';
import { Agent } from 'undici';
import { createFetch } from '../../../src/mesh-fetch.ts';
import { runDifferential } from './run-differential.ts';

// The fetch of Node 22 (undici 6): its defects, mended in later versions, where ours does what those do; and what its
// parser says in other words than that of undici 8.
const node22 = {
  'no HTTP at all': 'another message',
  'an invalid header line': 'taken for the end of the body, and not for an error',
  'a bad chunk, later': 'another code',
  '307 of bytes': 'fails with a detached ArrayBuffer',
  'aborted after the head, read later': 'gives an AbortError of its own in place of the reason of the signal',
  'aborted when all has come but nothing was read': 'gives an AbortError of its own in place of the reason of the signal',
};

runDifferential(
  () => {
    const agent = new Agent();
    return Promise.resolve({
      fetch: createFetch({ dispatch: (options, handler) => agent.dispatch(options, handler) }),
      close: () => agent.destroy(),
    });
  },
  { skip: process.versions.undici?.startsWith('6.') ? node22 : {} },
);
