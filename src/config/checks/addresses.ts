const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;
const HEX_GROUP = /^[0-9a-fA-F]{1,4}$/;

export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

/** Text form of RFC 4291, with an optional zone (`fe80::1%eth0`). */
export function isIpv6(text: string): boolean {
  const zone = text.indexOf('%');
  const address = zone === -1 ? text : text.slice(0, zone);
  if (zone === text.length - 1 || address.length > 45) return false;
  const halves = address.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  // An IPv4 address may take the place of the last two groups.
  const tail = last !== undefined && isIpv4(last) && address.endsWith(last) ? 1 : 0;
  if (!groups.slice(0, groups.length - tail).every((group) => HEX_GROUP.test(group))) return false;
  const count = groups.length + tail;
  return halves.length === 2 ? count < 8 : count === 8;
}

export function isIpAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

/** `a.b.c.d/n` or its IPv6 kin. */
export function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  const address = text.slice(0, slash);
  const bits = text.slice(slash + 1);
  if (slash === -1 || !/^(?:0|[1-9]\d{0,2})$/.test(bits) || address.includes('%')) return false;
  return (isIpv4(address) && Number(bits) <= 32) || (isIpv6(address) && Number(bits) <= 128);
}

/** What is wrong with the path of a Unix socket, if anything. Source: istio `ValidateUnixAddress`. */
export function unixPathProblem(path: string): string | undefined {
  if (path === '') return 'must name a socket after unix://';
  if (path.startsWith('@')) return undefined;
  return path.startsWith('/') && !path.endsWith('/') ? undefined : 'must be unix:// and an absolute path to a file';
}
