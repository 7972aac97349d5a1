import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLineFormat, lineFormat } from '../../src/telemetry/access-log-format.ts';
import { formatAccessLogJson, formatAccessLogText, type AccessRecord } from '../../src/telemetry/access-log.ts';
import { FLAG } from '../../src/telemetry/response-flags.ts';

const OPERATORS: Readonly<Record<string, string>> = { 'START_TIME': '<now>', 'START_TIME(%s)': '<seconds>', 'REQ(X-TENANT)': 'blue', 'REQ(EVIL)': 'a\r\nforged', 'RESP(ETAG)': '"7"', 'UPSTREAM_REQUEST_ATTEMPT_COUNT': '2' };

const RECORD: AccessRecord = {
  startTimeMs: 1_772_359_200_123,
  method: 'GET',
  path: '/a?x=1',
  protocol: 'HTTP/1.1',
  responseCode: 503,
  flags: FLAG.URX | FLAG.UF,
  details: 'upstream_reset_before_response_started{remote connection failure}',
  transportFailureReason: 'delayed connect error: 111',
  bytesReceived: 5,
  bytesSent: 81,
  durationMs: 7.9,
  upstreamHost: '10.0.0.41:9080',
  upstreamCluster: 'outbound|9080||details.default.svc.cluster.local',
  downstreamLocalAddress: '10.9.0.4:9080',
  operator: (name, argument) => OPERATORS[argument === undefined ? name : `${name}(${argument})`],
};

const text = (format: string): string => lineFormat({ encoding: 'TEXT', format })(RECORD);
const json = (format: object): unknown => JSON.parse(lineFormat({ encoding: 'JSON', format: JSON.stringify(format) })(RECORD));

describe('a line of text', () => {
  it('has the value of each operator in its place, and - for what is absent', () => {
    expect(text('%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG% %BYTES_SENT% %DURATION% %ROUTE_NAME% %NOBODY_KNOWS(it)% 100%%')).toBe(
      '503 URX,UF UpstreamRetryLimitExceeded,UpstreamConnectionFailure 81 7 - - 100%',
    );
    expect(text('[%START_TIME%] %START_TIME(%s)% "%REQ(X-TENANT)%" %RESP(ETAG)% %UPSTREAM_CLUSTER_RAW%|%UPSTREAM_CLUSTER%')).toBe(
      '[<now>] <seconds> "blue" "7" outbound|9080||details.default.svc.cluster.local|outbound|9080||details.default.svc.cluster.local;',
    );
    expect(text('%RESPONSE_CODE_DETAILS% %UPSTREAM_TRANSPORT_FAILURE_REASON% %UPSTREAM_HOST:4%')).toBe(
      'upstream_reset_before_response_started{remote_connection_failure} delayed_connect_error:_111 10.0',
    );
  });

  it('is one line, whatever callers send, and ends once', () => {
    expect(text('%REQ(EVIL)%\n')).toBe('a  forged');
  });

  it("is Istio's where no format is given, or one that is none", () => {
    for (const format of ['', '100%', '%NO']) expect(text(format)).toBe(formatAccessLogText(RECORD));
  });

  it('is the text itself where that has no operators', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }).filter((one) => one.trim() !== '' && !one.endsWith('\n')), (plain) => text(plain.replaceAll('%', '%%')) === plain));
  });
});

describe('a line of JSON', () => {
  it('has sorted keys, numbers where an operator alone is one, and null where it is absent', () => {
    const format = { status: '%RESPONSE_CODE%', said: 'in %DURATION% ms', tries: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%', tenant: '%REQ(X-TENANT)%', route: '%ROUTE_NAME%', mixed: '<%ROUTE_NAME%>', kept: { z: 1, a: [true, '%BYTES_SENT%'] } };

    expect(json(format)).toEqual({ kept: { a: [true, 81], z: 1 }, mixed: '<->', route: null, said: 'in 7 ms', status: 503, tenant: 'blue', tries: 2 });
    expect(Object.keys(json(format) as object)).toEqual(['kept', 'mixed', 'route', 'said', 'status', 'tenant', 'tries']);
  });

  it("is Istio's where no format is given, or one that is none", () => {
    for (const format of ['', 'no JSON', '[]', '{"a":"100%"}']) expect(lineFormat({ encoding: 'JSON', format })(RECORD)).toBe(formatAccessLogJson(RECORD));
  });
});

describe('a check of a format', () => {
  it.each([
    ['TEXT', '', undefined],
    ['TEXT', '%REQ(a)%', undefined],
    ['TEXT', 'x %', 'is no valid format at character 3: a single percent sign is written %%'],
    ['JSON', '{"a":["%PROTOCOL%",1,null]}', undefined],
    ['JSON', 'text', 'is no JSON object'],
    ['JSON', '{"a":{"b":["%"]}}', 'is no valid format at character 1: a single percent sign is written %%'],
  ] as const)('%s %j: %j', (encoding, format, problem) => {
    expect(checkLineFormat({ encoding, format })).toBe(problem);
  });
});
