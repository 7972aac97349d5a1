/** Headers and query parameters whose values are shown to nobody. */
const SECRET = /authorization|cookie|token|secret|passw|api-?_?key|signature|session|credential/i;

/** Whether the value of a header or query parameter of this name is likely a secret. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name);
}

/** A path with its query, where values of secret parameters became `<redacted>`. */
export function redactQuery(path: string): string {
  const start = path.indexOf('?');
  if (start < 0) return path;
  const query = path.slice(start + 1).split('&').map((pair) => {
    const name = pair.split('=', 1)[0]!;
    return pair.length > name.length && isSecretName(decoded(name)) ? `${name}=<redacted>` : pair;
  });
  return `${path.slice(0, start)}?${query.join('&')}`;
}

/** A name may be hidden behind percent signs. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
