const DAY_MS = 86_400_000;
/** Days in 400 years, after which the calendar repeats. */
const ERA_DAYS = 146_097;

/** `2026-03-01T10:00:00.123Z` for milliseconds since the Unix epoch (RFC 3339, UTC), without asking a clock. */
export function formatUtc(epochMs: number): string {
  const ms = Math.floor(epochMs);
  const days = Math.floor(ms / DAY_MS);
  const rest = ms - days * DAY_MS;
  const [year, month, day] = civil(days);
  const hours = Math.floor(rest / 3_600_000);
  const minutes = Math.floor(rest / 60_000) % 60;
  const seconds = Math.floor(rest / 1000) % 60;
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  return `${date}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(rest % 1000, 3)}Z`;
}

/**
 * The Gregorian date of a day counted from 1970-01-01. Years are taken to start in March, so that the leap day comes last
 * and months have a regular pattern (153 days in five months).
 */
function civil(days: number): readonly [year: number, month: number, day: number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return [era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day];
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
