const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const SPECIFIER = /%(?:([1-9*]?f)|E([1-9*][Sf])|E?([A-Za-z%]))/g;
/** Clocks here count milliseconds; whatever is finer is 0. */
const FINEST_DIGITS = 9;

/**
 * A time in UTC by a format of `strftime`, with Envoy's `%s` (seconds since 1970) and `%f`, `%3f` (the fraction of a second, to
 * nine or as many digits). What it does not know stays as it is.
 *
 * Source: Envoy `DateFormatter`; absl `FormatTime`.
 */
export function formatTime(format: string, epochMs: number): string {
  const date = new Date(Math.floor(epochMs));
  return format.replace(SPECIFIER, (text, fraction?: string, precise?: string, letter?: string) => {
    if (fraction !== undefined) return fractionOf(date, fraction.slice(0, -1));
    if (precise !== undefined) return preciseOf(date, precise[0]!, precise[1]!);
    return part(date, letter!) ?? text;
  });
}

function fractionOf(date: Date, width: string): string {
  const digits = pad(date.getUTCMilliseconds(), 3).padEnd(FINEST_DIGITS, '0');
  if (width === '*') return digits.replace(/0+$/, '') || '0';
  return digits.slice(0, width === '' ? FINEST_DIGITS : Number(width));
}

function preciseOf(date: Date, width: string, kind: string): string {
  if (kind === 'f') return fractionOf(date, width);
  const fraction = date.getUTCMilliseconds() === 0 && width === '*' ? '' : `.${fractionOf(date, width)}`;
  return `${pad(date.getUTCSeconds(), 2)}${fraction}`;
}

function part(date: Date, letter: string): string | undefined {
  const hours = date.getUTCHours();
  switch (letter) {
    case 's': return String(Math.floor(date.getTime() / 1000));
    case 'Y': return String(date.getUTCFullYear());
    case 'C': return pad(Math.floor(date.getUTCFullYear() / 100), 2);
    case 'y': return pad(date.getUTCFullYear() % 100, 2);
    case 'm': return pad(date.getUTCMonth() + 1, 2);
    case 'B': return MONTHS[date.getUTCMonth()]!;
    case 'b': case 'h': return MONTHS[date.getUTCMonth()]!.slice(0, 3);
    case 'd': return pad(date.getUTCDate(), 2);
    case 'e': return String(date.getUTCDate()).padStart(2, ' ');
    case 'j': return pad(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1, 3);
    case 'A': return DAYS[date.getUTCDay()]!;
    case 'a': return DAYS[date.getUTCDay()]!.slice(0, 3);
    case 'w': return String(date.getUTCDay());
    case 'u': return String(date.getUTCDay() || 7);
    case 'H': return pad(hours, 2);
    case 'I': return pad(hours % 12 || 12, 2);
    case 'p': return hours < 12 ? 'AM' : 'PM';
    case 'M': return pad(date.getUTCMinutes(), 2);
    case 'S': return pad(date.getUTCSeconds(), 2);
    case 'z': return '+0000';
    case 'Z': return 'UTC';
    case 'T': return formatTime('%H:%M:%S', date.getTime());
    case 'R': return formatTime('%H:%M', date.getTime());
    case 'r': return formatTime('%I:%M:%S %p', date.getTime());
    case 'F': return formatTime('%Y-%m-%d', date.getTime());
    case 'D': case 'x': return formatTime('%m/%d/%y', date.getTime());
    case 'X': return formatTime('%H:%M:%S', date.getTime());
    case 'c': return formatTime('%a %b %e %H:%M:%S %Y', date.getTime());
    case 't': return '\t';
    case '%': return '%';
    default: return undefined;
  }
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
