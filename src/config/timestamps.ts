const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Milliseconds since the Unix epoch of a time such as `2024-05-01T10:00:00Z`; `undefined` when `text` is none. Source: RFC 3339. */
export function parseTimestampMs(text: string): number | undefined {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  const offsetMinutes =
    parts[8] === undefined ? 0 : (parts[8] === '-' ? -1 : 1) * (Number(parts[9]) * 60 + Number(parts[10]));
  const fractionMs = Math.trunc(Number(`0.${parts[7] ?? '0'}`) * 1000);
  return (
    ((daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute - offsetMinutes) * 60_000 + second * 1000 + fractionMs
  );
}

/** {@link parseTimestampMs}, backwards, in UTC and whole seconds as Kubernetes writes them. */
export function formatTimestamp(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const [year, month, day] = dateOf(days);
  const rest = seconds - days * 86_400;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}Z`;
}

// The proleptic Gregorian calendar in years that start in March, so that the leap day comes last.
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const monthFromMarch = (month + 9) % 12;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + Math.floor((monthFromMarch * 153 + 2) / 5) + day - 1 - 719_468;
}

function dateOf(days: number): [year: number, month: number, day: number] {
  let year = 1970 + Math.floor(days / 365.2425);
  while (daysSinceEpoch(year + 1, 1, 1) <= days) year += 1;
  while (daysSinceEpoch(year, 1, 1) > days) year -= 1;
  let month = 12;
  while (daysSinceEpoch(year, month, 1) > days) month -= 1;
  return [year, month, days - daysSinceEpoch(year, month, 1) + 1];
}
