// Istio's default text format, field by field; quoted fields hold spaces.
const FIELD = /\[[^\]]*\]|"[^"]*"|\S+/g;
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** Positions of the fields whose values vary from run to run, and of those that say whether they do. */
const START = 0;
const REQUEST = 1;
const BYTES_RECEIVED = 7;
const BYTES_SENT = 8;
const DURATION = 9;
const SERVICE_TIME = 10;
const REQUEST_ID = 13;
const LOCAL_ADDRESS = 17;
const REMOTE_ADDRESS = 19;
const SERVER_NAME = 20;

/** The fields of a line, quotes and brackets with them. */
export function logFields(line: string): string[] {
  return line.trim().match(FIELD) ?? [];
}

/** An access log line in the form of a recording: `<time>`, `<ms>`, `<uuid>`, `<port>`, `<bytes>` (of TLS) for what varies. */
export function recordLogLine(line: string): string {
  const fields = logFields(line);
  const isTls = fields[REQUEST] === '"- - -"' && (fields[SERVER_NAME] ?? '-') !== '-';
  return fields
    .map((field, i) => {
      if (isTls && (i === BYTES_RECEIVED || i === BYTES_SENT)) return '<bytes>';
      if (i === START) return '[<time>]';
      if (i === DURATION || i === SERVICE_TIME) return /^\d+$/.test(field) ? '<ms>' : field;
      if (i === REQUEST_ID) return field.replace(UUID, '<uuid>');
      if (i === LOCAL_ADDRESS || i === REMOTE_ADDRESS) return field.replace(/:\d+$/, ':<port>');
      return field;
    })
    .join(' ');
}
