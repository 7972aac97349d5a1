/** Index of the `:` that begins the port of `authority`, or -1. An IPv6 address ends with `]`, its own colons are none. */
export function portStart(authority: string): number {
  const colon = authority.lastIndexOf(':');
  if (authority.lastIndexOf(']') > colon) return -1;
  // Two colons without brackets: an IPv6 address that stands alone.
  return authority.charCodeAt(0) !== 91 /* [ */ && authority.indexOf(':') !== colon ? -1 : colon;
}

/** The host of `authority` as virtual hosts are looked up: without port, in lower case. */
export function hostOf(authority: string): string {
  const port = portStart(authority);
  return (port === -1 ? authority : authority.slice(0, port)).toLowerCase();
}
