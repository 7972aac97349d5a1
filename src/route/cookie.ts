import type { HeaderList } from '../common/headers.ts';

/** The first cookie of that name, without the double quotes around it; empty when there is none. Source: Envoy `forEachCookie`. */
export function cookieValue(headers: HeaderList, name: string): string {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'cookie') continue;
    for (const cookie of headers[i + 1]!.split(';')) {
      const equals = cookie.indexOf('=');
      if (equals === -1 || cookie.slice(0, equals).replace(/^ +/, '') !== name) continue;
      const value = cookie.slice(equals + 1);
      return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    }
  }
  return '';
}
