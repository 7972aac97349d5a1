/**
 * The caller's address that `x-forwarded-for` tells, or `undefined`. A sidecar takes the last one there: it serves one workload,
 * whose requests may be others' that it passes on.
 *
 * Source: Envoy `use_remote_address: false`, as istio sets it for outbound listeners; `Utility::getLastAddressFromXFF`.
 */
export function forwardedAddress(headers: readonly string[]): string | undefined {
  let line: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'x-forwarded-for') line = headers[i + 1];
  }
  const address = line?.slice(line.lastIndexOf(',') + 1).trim();
  return address !== undefined && isAddress(address) ? address : undefined;
}

function isAddress(text: string): boolean {
  const numbers = text.split('.');
  if (numbers.length === 4) return numbers.every((number) => /^\d{1,3}$/.test(number) && Number(number) < 256);
  return text.includes(':') && /^[0-9a-f:]+$/i.test(text);
}
