import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetch as undiciFetch, request as undiciRequest } from 'undici';
import { isAnswer } from './answer.ts';
import type { Contestant } from './contestants.ts';
import { loadPackage } from './package.ts';

/** Of the server and of Envoy in front of it. */
export type SidecarPorts = readonly [server: number, envoy: number];

const PATH = '/reviews/0';

/** The rules that Envoy was compiled from, with the server at its port. */
function rules(port: number | undefined): string {
  const text = readFileSync(join(import.meta.dirname, 'sidecar', 'mesh.yaml'), 'utf8');
  return text.replace('address: 127.0.6.21,', `address: 127.0.0.1, ports: {http: ${port}},`);
}

const request = (portOf: (ports: readonly number[]) => number | undefined): Contestant => async (ports) => {
  const url = `http://127.0.0.1:${portOf(ports)}${PATH}`;
  return {
    check: () => [],
    async call() {
      const { statusCode, headers, body } = await undiciRequest(url);
      return isAnswer(statusCode, headers['content-type'], await body.text());
    },
  };
};

const fetched = (portOf: (ports: readonly number[]) => number | undefined): Contestant => async (ports) => {
  const url = `http://127.0.0.1:${portOf(ports)}${PATH}`;
  return {
    check: () => [],
    async call() {
      const response = await undiciFetch(url);
      return isAnswer(response.status, response.headers.get('content-type'), await response.text());
    },
  };
};

/** Who races where a sidecar does: with the same rules in this process, or with Envoy between client and server. */
export const SIDECAR_CONTESTANTS: Readonly<Record<string, Contestant>> = {
  'undici.request, direct': request(([server]) => server),
  'undici.request → Envoy': request(([, envoy]) => envoy),
  'undici.fetch → Envoy': fetched(([, envoy]) => envoy),
  'meshFetch, Envoy\'s rules': async ([server]) => {
    const { configureMesh, meshFetch } = await loadPackage();
    const mesh = await configureMesh({ config: rules(server) });
    return {
      check: (calls) => {
        const [total] = Object.values(mesh.stats(/v1\|reviews\.default\.svc\.cluster\.local;\.upstream_rq_total$/));
        return total === calls ? [] : [`upstream_rq_total is ${total} after ${calls} calls`];
      },
      async call() {
        const response = await meshFetch(`http://reviews:9080${PATH}`);
        return isAnswer(response.status, response.headers.get('content-type'), await response.text());
      },
    };
  },
};
