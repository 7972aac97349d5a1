import { describe, expect, it } from 'vitest';
import { formatAccessLogJson, formatAccessLogText, type AccessRecord } from '../../src/telemetry/access-log.ts';
import { FLAG } from '../../src/telemetry/response-flags.ts';

const START = 1_772_359_200_123;

const answered: AccessRecord = {
  startTimeMs: START,
  method: 'POST',
  path: '/a?x=1',
  protocol: 'HTTP/1.1',
  responseCode: 200,
  flags: 0,
  details: 'via_upstream',
  bytesReceived: 5,
  bytesSent: 2,
  durationMs: 7.9,
  upstreamServiceTime: '6',
  forwardedFor: '127.1.2.3',
  userAgent: 'curl/8',
  requestId: 'd57c8b4e-1111-4111-9111-000000000000',
  authority: 'details:9080',
  upstreamHost: '10.0.0.41:9080',
  upstreamCluster: 'outbound|9080||details.default.svc.cluster.local',
  upstreamLocalAddress: '10.0.0.1:40000',
  downstreamLocalAddress: '10.9.0.4:9080',
  downstreamRemoteAddress: '127.1.2.3:50000',
  routeName: 'default',
  operator: () => undefined,
};

const refused: AccessRecord = {
  startTimeMs: START,
  method: 'GET',
  path: '/uh',
  protocol: 'HTTP/1.1',
  responseCode: 503,
  flags: FLAG.UH,
  details: 'no_healthy_upstream',
  bytesReceived: 0,
  bytesSent: 19,
  durationMs: 0,
  requestId: 'id',
  authority: 'reviews:9080',
  upstreamCluster: 'outbound|9080|none|reviews.default.svc.cluster.local',
  downstreamLocalAddress: '10.9.0.2:9080',
  downstreamRemoteAddress: '10.0.9.1:50001',
  routeName: 'empty-subset',
  operator: () => undefined,
};

const connection: AccessRecord = {
  startTimeMs: START,
  responseCode: 0,
  flags: FLAG.UF,
  bytesReceived: 6,
  bytesSent: 10,
  durationMs: 12,
  transportFailureReason: 'delayed connect error: Connection refused',
  upstreamHost: '10.0.0.93:9000',
  upstreamCluster: 'outbound|9000|v1|tcp-echo.default.svc.cluster.local',
  downstreamLocalAddress: '10.9.0.30:9000',
  downstreamRemoteAddress: '10.0.9.1:50002',
  requestedServerName: 'echo.example.com',
  operator: () => undefined,
};

describe('formatAccessLogText', () => {
  it.each([
    [
      'an answered request',
      answered,
      '[2026-03-01T10:00:00.123Z] "POST /a?x=1 HTTP/1.1" 200 - via_upstream - "-" 5 2 7 6 "127.1.2.3" "curl/8" "d57c8b4e-1111-4111-9111-000000000000" "details:9080" "10.0.0.41:9080" outbound|9080||details.default.svc.cluster.local 10.0.0.1:40000 10.9.0.4:9080 127.1.2.3:50000 - default',
    ],
    [
      'a refused one',
      refused,
      '[2026-03-01T10:00:00.123Z] "GET /uh HTTP/1.1" 503 UH no_healthy_upstream - "-" 0 19 0 - "-" "-" "id" "reviews:9080" "-" outbound|9080|none|reviews.default.svc.cluster.local - 10.9.0.2:9080 10.0.9.1:50001 - empty-subset',
    ],
    [
      'a connection',
      connection,
      '[2026-03-01T10:00:00.123Z] "- - -" 0 UF - - "delayed_connect_error:_Connection_refused" 6 10 12 - "-" "-" "-" "-" "10.0.0.93:9000" outbound|9000|v1|tcp-echo.default.svc.cluster.local - 10.9.0.30:9000 10.0.9.1:50002 echo.example.com -',
    ],
  ])('%s', (_, record, line) => {
    expect(formatAccessLogText(record)).toBe(line);
  });

  it('shows a header that is there and empty', () => {
    expect(formatAccessLogText({ ...answered, userAgent: '', forwardedFor: '', routeName: '' })).toMatch(/ "" "" "d57c8b4e-.* - -$/);
    expect(JSON.parse(formatAccessLogJson({ ...answered, userAgent: '', routeName: '' }))).toMatchObject({ user_agent: '', route_name: null });
  });

  it('lets no value begin a line of its own', () => {
    expect(formatAccessLogText({ ...answered, userAgent: 'x\r\n[2026-…] "GET / forged' })).not.toMatch(/[\r\n]/);
  });
});

describe('formatAccessLogJson', () => {
  it('has Istio’s keys, sorted, with null for what is absent', () => {
    const line = formatAccessLogJson(refused);
    const values = JSON.parse(line) as Record<string, unknown>;

    expect(line).not.toContain('\n');
    expect(Object.keys(values)).toEqual(Object.keys(values).toSorted());
    expect(values).toEqual({
      authority: 'reviews:9080',
      bytes_received: 0,
      bytes_sent: 19,
      connection_termination_details: null,
      downstream_local_address: '10.9.0.2:9080',
      downstream_remote_address: '10.0.9.1:50001',
      duration: 0,
      method: 'GET',
      path: '/uh',
      protocol: 'HTTP/1.1',
      request_id: 'id',
      requested_server_name: null,
      response_code: 503,
      response_code_details: 'no_healthy_upstream',
      response_flags: 'UH',
      route_name: 'empty-subset',
      start_time: '2026-03-01T10:00:00.123Z',
      upstream_cluster: 'outbound|9080|none|reviews.default.svc.cluster.local',
      upstream_host: null,
      upstream_local_address: null,
      upstream_service_time: null,
      upstream_transport_failure_reason: null,
      user_agent: null,
      x_forwarded_for: null,
    });
  });

  it('underscores the blanks of a transport failure', () => {
    expect(JSON.parse(formatAccessLogJson(connection))).toMatchObject({
      upstream_transport_failure_reason: 'delayed_connect_error:_Connection_refused',
    });
  });
});
