import { GRPC_STATUSES } from '../checks/vocabulary.ts';

/** 0 to 16 for a name as `fault.abort.grpcStatus` spells it, or `undefined` when there is no such status. */
export function grpcStatusNumber(name: string | undefined): number | undefined {
  const number = name === undefined ? -1 : GRPC_STATUSES.indexOf(name);
  return number < 0 ? undefined : number;
}
