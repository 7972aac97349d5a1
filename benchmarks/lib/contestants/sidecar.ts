import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetch as undiciFetch, request as undiciRequest } from 'undici';
import { pathOf } from '../answer.ts';
import { loadPackage } from '../package.ts';
import type { Contestant } from './contestant.ts';
import { readFetched, readRequested } from './reading.ts';

/** The server's port comes first, that of Envoy in front of it second. */
const SERVER = 0;
const ENVOY = 1;

/** The rules that Envoy was compiled from, with the server at its port. */
function rules(port: number | undefined): string {
  const text = readFileSync(join(import.meta.dirname, '..', 'sidecar', 'mesh.yaml'), 'utf8');
  return text.replace('address: 127.0.6.21,', `address: 127.0.0.1, ports: {http: ${port}},`);
}

const requestTo = (at: number): Contestant => async ({ ports }) => ({
  check: () => [],
  callOf(kind) {
    const url = `http://127.0.0.1:${ports[at]}${pathOf(kind)}`;
    return async () => readRequested(await undiciRequest(url), kind);
  },
});

const fetchTo = (at: number): Contestant => async ({ ports }) => ({
  check: () => [],
  callOf(kind) {
    const url = `http://127.0.0.1:${ports[at]}${pathOf(kind)}`;
    return async () => readFetched(await undiciFetch(url), kind);
  },
});

/** Who races where a sidecar does: with the same rules in this process, or with Envoy between client and server. */
export const SIDECAR: Readonly<Record<string, Contestant>> = {
  'undici.request, direct': requestTo(SERVER),
  'undici.request → Envoy': requestTo(ENVOY),
  'undici.fetch → Envoy': fetchTo(ENVOY),
  "meshFetch, Envoy's rules": async ({ ports }) => {
    const { configureMesh, meshFetch } = await loadPackage();
    const mesh = await configureMesh({ config: rules(ports[SERVER]) });
    return {
      check: (calls) => {
        const [total] = Object.values(mesh.stats(/v1\|reviews\.default\.svc\.cluster\.local;\.upstream_rq_total$/));
        return total === calls ? [] : [`upstream_rq_total is ${total} after ${calls} calls`];
      },
      callOf(kind) {
        const url = `http://reviews:9080${pathOf(kind)}`;
        return async () => readFetched(await meshFetch(url), kind);
      },
    };
  },
};
