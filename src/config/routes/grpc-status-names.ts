/** In the order of their numbers, 0 first. Source: gRPC status codes, as Istio's `fault.abort.grpcStatus` spells them. */
const NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** 0 to 16, or `undefined` when there is no such status. */
export function grpcStatusNumber(name: string | undefined): number | undefined {
  const number = name === undefined ? -1 : NAMES.indexOf(name);
  return number < 0 ? undefined : number;
}
