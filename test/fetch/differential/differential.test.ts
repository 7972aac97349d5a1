import './native-first.ts';
import { Agent } from 'undici';
import { createFetch } from '../../../src/mesh-fetch.ts';
import { olderNode } from './known-differences.ts';
import { runDifferential } from './run-differential.ts';

runDifferential(
  () => {
    const agent = new Agent();
    return Promise.resolve({
      fetch: createFetch({ dispatch: (options, handler) => agent.dispatch(options, handler) }),
      close: () => agent.destroy(),
    });
  },
  { differs: olderNode },
);
