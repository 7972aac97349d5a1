import { describe, expect, it } from 'vitest';
import { grpcMessage } from '../backend/grpc-message.ts';
import { readCase } from '../case/read-case.ts';
import { buildCall } from './build-call.ts';
import type { Call } from './outcome.ts';

/** The call of the step `request`. */
function build(request: string, rest = ''): Call {
  const conformanceCase = readCase(`{${rest} steps: [{request: ${request}}]}`, 'topic', 'slug');
  const [step] = conformanceCase.steps;
  if (step?.kind !== 'request') throw new Error('not a request');
  return buildCall(step.request, { conformanceCase, documents: [], id: '7', n: 3, cookie: undefined });
}

describe('buildCall', () => {
  it('numbers calls', () => {
    expect(build('{url: "http://a/{n}", headers: {x-n: "{n}"}, from: "127.0.9.{n}", plan: "503"}')).toMatchObject({
      path: '/3',
      method: 'GET',
      http2: false,
      headers: { 'x-n': '3', 'x-call': '7', 'x-plan': '503' },
      sourceAddress: '127.0.9.3',
    });
  });

  it('makes HTTP/2 and gRPC calls', () => {
    expect(build('{url: "http://a/", http2: true}')).toMatchObject({ http2: true, method: 'GET', body: undefined });
    expect(build('{url: "http://a/s/M", grpc: true, body: hi, headers: {grpc-timeout: 1S}}')).toMatchObject({
      http2: true,
      method: 'POST',
      headers: { 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': '1S' },
      body: grpcMessage('hi'),
    });
    expect(build('{url: "http://a/s/M", grpc: true}').body).toEqual(grpcMessage(''));
    expect(build('{url: "http://a/", grpc: true, headers: {content-type: application/grpc+proto}}').headers['content-type']).toBe('application/grpc+proto');
  });

  it('says what the application dialled', () => {
    expect(build('{url: "http://127.0.0.5:81/"}').originalDst).toBeNull();
    expect(build('{url: "http://127.0.0.5/"}', 'capture: true,').originalDst).toBe('127.0.0.5:80');
    expect(build('{url: "http://127.0.0.5/", dst: "127.0.0.6:8"}', 'capture: true,').originalDst).toBe('127.0.0.6:8');
  });
});
