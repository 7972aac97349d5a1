import { describe, expect, it } from 'vitest';
import * as replies from '../../src/engine/local-reply.ts';
import type { LocalReply, ResponseHeaders } from '../../src/engine/local-reply.ts';
import { formatFlags } from '../../src/telemetry/response-flags.ts';
import { memoryEngine } from './memory-engine.ts';

const PREFIX = 'upstream connect error or disconnect/reset before headers. ';

describe('resetReply', () => {
  it.each([
    ['connection-failure', 503, 'UF', 'remote connection failure'],
    ['connection-timeout', 503, 'UF', 'connection timeout'],
    ['connection-termination', 503, 'UC', 'connection termination'],
    ['remote-reset', 503, 'UR', 'remote reset'],
    ['remote-refused', 503, 'UR', 'remote refused stream reset'],
    ['local-reset', 503, 'LR', 'local reset'],
    ['protocol-error', 502, 'UPE', 'protocol error'],
    ['overflow', 503, 'UO', 'overflow'],
  ] as const)('%s: %i %s', (reason, status, flags, text) => {
    const reply = replies.resetReply(reason, false, '');

    expect(reply).toMatchObject({ status, body: `${PREFIX}reset reason: ${text}`, details: `upstream_reset_before_response_started{${text.replaceAll(' ', '_')}}` });
    expect(formatFlags(reply.flags)).toBe(flags);
    expect(formatFlags(replies.resetFlag(reason))).toBe(flags);
    expect(reply.headers).toEqual(reason === 'overflow' ? { 'x-envoy-overloaded': 'true' } : undefined);
    expect(replies.resetDetail(reason)).toBe(text.replaceAll(' ', '_'));
  });

  it('says when the failing attempt was a retry', () => {
    expect(replies.resetReply('connection-termination', true, '').body).toBe(`${PREFIX}retried and the latest reset reason: connection termination`);
  });

  it('keeps what the transport said to the details', () => {
    const reply = replies.resetReply('connection-failure', false, 'delayed connect error: Connection refused');

    expect(reply.body).toBe(`${PREFIX}reset reason: remote connection failure`);
    expect(reply.details).toBe('upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}');
  });

  it('of a try that ran out of time is a 504', () => {
    expect(replies.resetReply('per-try-timeout', true, '')).toBe(replies.PER_TRY_TIMEOUT);
    expect(replies.resetDetail('per-try-timeout')).toBe('upstream_per_try_timeout');
  });
});

describe('finishReply', () => {
  it('gives a text its type and length, in bytes', () => {
    const headers: ResponseHeaders = { 'x-own': '1' };
    replies.finishReply(headers, { ...replies.NO_HEALTHY_HOST, body: 'für' });

    expect(headers).toEqual({ 'x-own': '1', 'content-type': 'text/plain', 'content-length': '4' });
  });

  it('takes away what operations said of a body that is not there', () => {
    const headers: ResponseHeaders = { 'x-own': '1', 'content-type': 'text/html', 'content-length': '5' };
    replies.finishReply(headers, replies.NO_CLUSTER);

    expect(headers).toEqual({ 'x-own': '1' });
  });

  it('leaves a type that an operation has set', () => {
    const headers: ResponseHeaders = { 'content-type': 'text/html' };
    replies.finishReply(headers, replies.NO_HEALTHY_HOST);

    expect(headers['content-type']).toBe('text/html');
  });

  it('adds nothing to an empty answer', () => {
    const headers: ResponseHeaders = {};
    replies.finishReply(headers, replies.NO_CLUSTER);

    expect(headers).toEqual({});
  });
});

describe('finishGrpcReply', () => {
  const grpc = (reply: Partial<LocalReply>): ResponseHeaders => {
    const headers: ResponseHeaders = { 'grpc-message': 'of a rule', 'content-type': 'text/html' };
    replies.finishGrpcReply(headers, { status: 503, body: '', flags: 0, details: '', ...reply });
    return headers;
  };

  it.each([[400, '13'], [401, '16'], [403, '7'], [404, '12'], [429, '14'], [502, '14'], [503, '14'], [504, '14'], [418, '2'], [500, '2'], [200, '2']])('%i is grpc-status %s', (status, expected) => {
    expect(grpc({ status })).toMatchObject({ 'content-type': 'application/grpc', 'grpc-status': expected });
  });

  it('an abort\'s own status comes first', () => {
    expect(grpc({ status: 200, grpcStatus: 5 })['grpc-status']).toBe('5');
  });

  it('writes the text as message, in what gRPC allows', () => {
    expect(grpc({ body: 'no healthy upstream' })['grpc-message']).toBe('no healthy upstream');
    expect(grpc({ body: '50 % für\nalle' })['grpc-message']).toBe('50 %25 f%C3%BCr%0Aalle');
    expect(grpc({ body: '{a}~\u{1f600}' })['grpc-message']).toBe('{a}%7E%F0%9F%98%80');
    expect(grpc({ body: Uint8Array.from([0x68, 0x69, 0, 0xff]) })['grpc-message']).toBe('hi%00%FF');
  });
});

describe('a gRPC caller', () => {
  const config = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: grpc, protocol: HTTP}]
  endpoints: [{address: 10.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{uri: {prefix: /abort}}]
    fault: {abort: {grpcStatus: NOT_FOUND, percentage: {value: 100}}}
    route: [{destination: {host: reviews}}]
  - match: [{uri: {prefix: /nc}}]
    headers: {response: {set: {x-rule: "yes", grpc-message: mine}}}
    route: [{destination: {host: reviews, subset: v9}}]
  - route: [{destination: {host: reviews}}]`;

  it.each([
    ['application/grpc', '/abort', { status: 200, body: '', grpcStatus: '5', message: 'fault filter abort' }],
    ['application/grpc+proto', '/abort', { status: 200, body: '', grpcStatus: '5', message: 'fault filter abort' }],
    ['application/grpc', '/nc', { status: 200, body: '', grpcStatus: '14', message: 'mine' }],
    ['application/grpc', '/', { status: 200, body: '', grpcStatus: '14', message: 'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure' }],
    ['application/grpc-web', '/abort', { status: 200, body: 'fault filter abort', grpcStatus: undefined, message: undefined }],
    ['application/grpcx', '/nc', { status: 503, body: '', grpcStatus: undefined, message: 'mine' }],
    ['application/json', '/nc', { status: 503, body: '', grpcStatus: undefined, message: 'mine' }],
  ])('%s %s', async (type, path, expected) => {
    const { dispatcher, clock } = memoryEngine(config.replace('  - route:', '  - retries: {attempts: 0}\n    route:'), { connect: (_target, callback) => callback(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })) });
    const call = dispatcher.request({ origin: 'http://reviews:9080', path, method: 'POST', headers: { 'content-type': type }, body: '' });
    await clock.advance(10);
    const { statusCode, headers, body } = await call;

    expect({ status: statusCode, body: await body.text(), grpcStatus: headers['grpc-status'], message: headers['grpc-message'] }).toEqual(expected);
  });
});
