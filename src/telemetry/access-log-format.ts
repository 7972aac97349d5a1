import { parseSubstitution, type Segment } from '../common/substitution.ts';
import { flagsOf, formatAccessLogJson, formatAccessLogText, type AccessRecord } from './access-log.ts';
import { longFlagNames } from './response-flags.ts';

/** Makes one line of an access log, without line break. */
export type LineFormat = (record: AccessRecord) => string;

/** How lines look; `format` empty: as Istio's. */
export interface AccessLogFormat {
  readonly encoding: 'TEXT' | 'JSON';
  /** Text with Envoy's command operators, or a JSON object whose strings hold such. */
  readonly format: string;
}

/** What else is a number, in JSON too. Source: Envoy `StreamInfoAddressFormatterProvider`, `StreamInfoUInt64FormatterProvider`. */
const NUMBERS: ReadonlySet<string> = new Set(['UPSTREAM_REQUEST_ATTEMPT_COUNT', 'UPSTREAM_REMOTE_PORT', 'DOWNSTREAM_LOCAL_PORT']);

type Value = string | number | undefined;

/**
 * The format that MeshConfig `accessLogFormat` and `accessLogEncoding` ask for; Istio's own where none is given, or one that is none
 * ({@link checkLineFormat}). What is absent is `-` in text, and `null` where it is the whole of a JSON value.
 *
 * Source: istio `buildFileAccessTextLogFormat`, `buildFileAccessJSONLogFormat`; Envoy substitution formatter.
 */
export function lineFormat(asked: AccessLogFormat): LineFormat {
  const { encoding, format } = asked;
  const isOwn = format !== '' && checkLineFormat(asked) === undefined;
  if (encoding === 'JSON') {
    if (!isOwn) return formatAccessLogJson;
    const json = valueFormat(JSON.parse(format));
    return (record) => JSON.stringify(json(record));
  }
  if (!isOwn) return formatAccessLogText;
  const segments = segmentsOf(format.replace(/\n$/, ''));
  // A caller's header must not be able to start a line of its own; the format may.
  return (record) => textOf(segments, record);
}

/** What is wrong with a format, or `undefined`. */
export function checkLineFormat({ encoding, format }: AccessLogFormat): string | undefined {
  if (format === '') return undefined;
  if (encoding === 'TEXT') return problemOf(format);
  const parsed = parsedJson(format);
  if (!isRecord(parsed)) return 'is no JSON object';
  return problemOf(parsed);
}

function problemOf(value: unknown): string | undefined {
  if (typeof value === 'string') {
    const segments = parseSubstitution(value);
    return typeof segments === 'string' ? segments : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.values(value).map(problemOf).find((problem) => problem !== undefined);
}

function textOf(segments: readonly Segment[], record: AccessRecord): string {
  let text = '';
  for (const segment of segments) text += typeof segment === 'string' ? segment : (shown(segment, record) ?? '-');
  return text;
}

/** Of a text without a problem. */
function segmentsOf(text: string): readonly Segment[] {
  return parseSubstitution(text) as Segment[];
}

/** Source: Envoy `JsonFormatBuilder`, whose keys are sorted, and whose values have types where they are one operator alone. */
function valueFormat(value: unknown): (record: AccessRecord) => unknown {
  if (typeof value === 'string') return stringFormat(segmentsOf(value));
  if (Array.isArray(value)) {
    const formats = value.map(valueFormat);
    return (record) => formats.map((format) => format(record));
  }
  if (!isRecord(value)) return () => value;
  const formats = Object.keys(value).sort().map((key) => [key, valueFormat(value[key])] as const);
  return (record) => Object.fromEntries(formats.map(([key, format]) => [key, format(record)]));
}

function stringFormat(segments: readonly Segment[]): (record: AccessRecord) => unknown {
  const [first, ...others] = segments.filter((segment) => segment !== '');
  if (typeof first !== 'object' || others.length > 0) return (record) => textOf(segments, record);
  return (record) => {
    const value = valueOf(first, record);
    return typeof value === 'number' ? value : (shown(first, record) ?? null);
  };
}

/** On one line, and no longer than asked for. */
function shown(segment: Exclude<Segment, string>, record: AccessRecord): string | undefined {
  const value = valueOf(segment, record);
  return value === undefined || value === '' ? undefined : String(value).replace(/[\r\n]/g, ' ').slice(0, segment.maxLength);
}

function valueOf({ name, argument }: Exclude<Segment, string>, record: AccessRecord): Value {
  switch (name) {
    case 'PROTOCOL':
      return record.protocol;
    case 'RESPONSE_CODE':
      return record.responseCode;
    case 'RESPONSE_CODE_DETAILS':
      return record.details?.replaceAll(' ', '_');
    case 'RESPONSE_FLAGS':
      return flagsOf(record);
    case 'RESPONSE_FLAGS_LONG':
      return longFlagNames(record.flags);
    case 'CONNECTION_TERMINATION_DETAILS':
      return record.connectionTerminationDetails;
    case 'UPSTREAM_TRANSPORT_FAILURE_REASON':
      return record.transportFailureReason?.replaceAll(' ', '_');
    case 'BYTES_RECEIVED':
      return record.bytesReceived;
    case 'BYTES_SENT':
      return record.bytesSent;
    case 'DURATION':
      return Math.floor(record.durationMs);
    case 'UPSTREAM_HOST':
      return record.upstreamHost;
    case 'UPSTREAM_CLUSTER':
      // The name under which Istio has a cluster observed.
      return record.upstreamCluster === undefined ? undefined : `${record.upstreamCluster};`;
    case 'UPSTREAM_CLUSTER_RAW':
      return record.upstreamCluster;
    case 'UPSTREAM_LOCAL_ADDRESS':
      return record.upstreamLocalAddress;
    case 'DOWNSTREAM_LOCAL_ADDRESS':
      return record.downstreamLocalAddress;
    case 'DOWNSTREAM_REMOTE_ADDRESS':
      return record.downstreamRemoteAddress;
    case 'REQUESTED_SERVER_NAME':
      return record.requestedServerName;
    case 'ROUTE_NAME':
      return record.routeName;
    default: {
      const value = record.operator(name, argument);
      return NUMBERS.has(name) && value ? Number(value) : value;
    }
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
