// Istio's default text format, field by field; quoted fields hold spaces.
const FIELD = /\[[^\]]*\]|"[^"]*"|\S+/g;
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** Positions of the fields whose values vary from run to run. */
const START = 0;
const DURATION = 9;
const SERVICE_TIME = 10;
const REQUEST_ID = 13;
const LOCAL_ADDRESS = 17;
const REMOTE_ADDRESS = 19;

/** An access log line in the form of a recording: `<time>`, `<ms>`, `<uuid>`, `<port>` for what varies. */
export function recordLogLine(line: string): string {
  const fields = line.trim().match(FIELD) ?? [];
  return fields
    .map((field, i) => {
      if (i === START) return '[<time>]';
      if (i === DURATION || i === SERVICE_TIME) return /^\d+$/.test(field) ? '<ms>' : field;
      if (i === REQUEST_ID) return field.replace(UUID, '<uuid>');
      if (i === LOCAL_ADDRESS || i === REMOTE_ADDRESS) return field.replace(/:\d+$/, ':<port>');
      return field;
    })
    .join(' ');
}
