import { describe, expect, it } from 'vitest';
import {
  formatGrpcTimeout, grpcToHttpStatus, httpToGrpcStatus, isGrpcContentType, parseGrpcStatus, parseGrpcTimeoutMs,
} from '../../src/route/grpc.ts';

describe('isGrpcContentType', () => {
  it.each([
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc-web', false],
    ['application/grpcx', false],
    ['application/json', false],
    [undefined, false],
  ])('%j: %s', (contentType, is) => {
    expect(isGrpcContentType(contentType)).toBe(is);
  });
});

describe('status', () => {
  it.each([
    [400, 13], [401, 16], [403, 7], [404, 12], [429, 14], [502, 14], [503, 14], [504, 14], [500, 2], [200, 2], [418, 2],
  ])('HTTP %i is gRPC %i', (http, grpc) => {
    expect(httpToGrpcStatus(http)).toBe(grpc);
  });

  it.each([
    [0, 200], [1, 499], [2, 500], [3, 400], [4, 504], [5, 404], [6, 409], [7, 403], [8, 429], [9, 400], [10, 409], [11, 400],
    [12, 501], [13, 500], [14, 503], [15, 500], [16, 401], [17, 500],
  ])('gRPC %i is HTTP %i', (grpc, http) => {
    expect(grpcToHttpStatus(grpc)).toBe(http);
  });

  it.each([
    ['0', 0], ['14', 14], ['16', 16], ['17', undefined], ['-1', undefined], ['', undefined], ['1.0', undefined], [undefined, undefined], ['014', 14], ['9999999999', undefined], ['4 ', undefined],
  ])('the header %j is %s', (value, status) => {
    expect(parseGrpcStatus(value)).toBe(status);
  });
});

describe('timeout', () => {
  it.each([
    ['100m', 100], ['2S', 2000], ['1M', 60_000], ['1H', 3_600_000], ['1500u', 2], ['1n', 1], ['99999999S', 99_999_999_000], ['0m', 0],
    ['', undefined], ['m', undefined], ['100', undefined], ['100s', undefined], ['-1m', undefined], ['1.5S', undefined],
    ['123456789m', undefined], [' 1m', undefined], ['1mm', undefined], ['1m ', undefined], [undefined, undefined],
  ])('%j is %s ms', (value, timeoutMs) => {
    expect(parseGrpcTimeoutMs(value)).toBe(timeoutMs);
  });

  it.each([
    [350, '350m'], [1, '1m'], [99_999_999, '99999999m'], [100_000_000, '100000S'], [99_999_999_999, '99999999S'], [350.9, '350m'],
    [5_999_999_940_000, '99999999M'], [1e18, '99999999H'],
    [100_000_000_000, '1666666M'], [1e13, '2777777H'],
  ])('%s ms is written %j', (timeoutMs, value) => {
    expect(formatGrpcTimeout(timeoutMs)).toBe(value);
  });
});
