import { Agent, fetch as undiciFetch, request as undiciRequest } from 'undici';
import { dispatchCall } from './collector.ts';
import { direct, type Contestant } from './contestant.ts';
import { readFetched, readRequested } from './reading.ts';

/** Those who do nothing but call. */
export const BARE: Readonly<Record<string, Contestant>> = {
  'undici.fetch': direct(async () => (url, kind) => async () => readFetched(await undiciFetch(url), kind)),
  'global fetch': direct(async () => (url, kind) => async () => readFetched(await fetch(url), kind)),
  'undici.request': direct(async () => (url, kind) => async () => readRequested(await undiciRequest(url), kind)),
  dispatch: direct(async () => {
    const agent = new Agent();
    return (url, kind) => dispatchCall(agent, url, kind);
  }),
};
