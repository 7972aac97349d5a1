import type { AnswerItem } from './plan.ts';

/** Names and values, in order. */
export type Lines = readonly (readonly [string, string])[];

/** The header of a 1xx answer. */
export const HINT = ['link', '</style.css>; rel=preload'] as const;

/** What an answer says besides its framing, which differs from one version of HTTP to the next. */
export interface AnswerFields {
  readonly headers: Lines;
  readonly trailers: Lines;
  /** It has no body, whatever was asked. */
  readonly bodiless: boolean;
}

/** The headers and trailers that `item` means. */
export function answerFields(item: AnswerItem): AnswerFields {
  const planned = new Set(item.headers.map(([name]) => name.toLowerCase()));
  const type: Lines = planned.has('content-type') ? [] : [['content-type', item.grpc === undefined ? 'text/plain' : 'application/grpc']];
  const grpc = item.grpc === undefined ? [] : grpcStatus(item.grpc.code);
  const headersOnly = item.grpc?.headersOnly === true;
  return {
    headers: [...type, ...item.headers, ...(headersOnly ? grpc : [])],
    trailers: [...item.trailers, ...(headersOnly ? [] : grpc)],
    bodiless: headersOnly || item.status === 204 || item.status === 304,
  };
}

function grpcStatus(code: number): Lines {
  return code === 0 ? [['grpc-status', '0']] : [['grpc-status', String(code)], ['grpc-message', `code ${code}`]];
}
