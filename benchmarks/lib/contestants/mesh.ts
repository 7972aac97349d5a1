import { setTimeout as sleep } from 'node:timers/promises';
import { pathOf } from '../answer.ts';
import { loadPackage } from '../package.ts';
import { bookinfo } from '../policies.ts';
import { dispatchCall } from './collector.ts';
import type { Contestant, Racer } from './contestant.ts';
import { readFetched, readRequested } from './reading.ts';

interface Counting {
  stats(pattern: RegExp): Record<string, number>;
}

const ORIGIN = 'http://reviews:9080';

/** The three doors of the mesh. */
export const MESH: Readonly<Record<string, Contestant>> = {
  'mesh.dispatcher': async ({ ports, policies, packageAt }) => {
    const { createMesh } = await loadPackage(packageAt);
    const mesh = await createMesh(bookinfo(ports, policies));
    return { ...counting(mesh), callOf: (kind) => dispatchCall(mesh.dispatcher, `${ORIGIN}${pathOf(kind)}`, kind) };
  },
  'mesh.request': async ({ ports, policies, packageAt }) => {
    const { createMesh, meshInfo } = await loadPackage(packageAt);
    const mesh = await createMesh(bookinfo(ports, policies));
    return {
      ...counting(mesh),
      inspect: (result) => assertLean(meshInfo(result)?.lane),
      callOf(kind) {
        const url = `${ORIGIN}${pathOf(kind)}`;
        return async (inspect) => {
          const result = await mesh.request(url);
          inspect?.(result);
          return readRequested(result, kind);
        };
      },
    };
  },
  meshFetch: async ({ ports, policies, packageAt }) => {
    const { configureMesh, meshFetch, meshInfo } = await loadPackage(packageAt);
    const mesh = await configureMesh(bookinfo(ports, policies));
    return {
      ...counting(mesh),
      inspect: (result) => {
        assertLean(meshInfo(result)?.lane);
        if (Object.getPrototypeOf(result) === Response.prototype) throw new Error('the native fetch made this Response');
      },
      callOf(kind) {
        const url = `${ORIGIN}${pathOf(kind)}`;
        return async (inspect) => {
          const response = await meshFetch(url);
          inspect?.(response);
          return readFetched(response, kind);
        };
      },
    };
  },
};

/** The mesh's own connections must have carried every call, once each: those of v2 carry copies, unless no rule tells the versions apart. */
function counting(mesh: Counting): Pick<Racer, 'check' | 'copies'> {
  const sum = (pattern: RegExp): number => Object.values(mesh.stats(pattern)).reduce((total, count) => total + count, 0);
  return {
    check(calls) {
      const total = sum(/^cluster\.outbound\|9080\|(v[13])?\|reviews\..*\.upstream_rq_total$/);
      return total === calls ? [] : [`upstream_rq_total is ${total} after ${calls} calls`];
    },
    async copies() {
      while (sum(/^cluster\.outbound\|9080\|v2\|reviews\..*\.upstream_rq_active$/) > 0) await sleep(1);
      return sum(/^cluster\.outbound\|9080\|v2\|reviews\..*\.upstream_rq_total$/);
    },
  };
}

function assertLean(lane: string | undefined): void {
  if (lane !== 'lean') throw new Error(`a call took the lane ${lane}`);
}
