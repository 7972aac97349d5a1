const DNS_LABEL = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const WILDCARD_LABEL = /^(?:\*|(?:\*-?)?[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)$/;
const LABEL_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const LONGEST_LABEL = 63;
const LONGEST_DOMAIN = 255;

/** A DNS-1123 label. Upper case passes, as it does for Istio. */
export function isDnsLabel(text: string): boolean {
  return text.length <= LONGEST_LABEL && DNS_LABEL.test(text);
}

/** What Kubernetes takes as an object's name: a DNS-1123 subdomain in lower case. */
export function isObjectName(text: string): boolean {
  return text.length <= 253 && SUBDOMAIN.test(text);
}

/** What is wrong with a fully qualified name, as `must …`, if anything. A short name is one too. */
export function fqdnProblem(text: string): string | undefined {
  return lengthProblem(text) ?? labelsProblem(text);
}

/** The same, for names whose first label may be or start with `*`. Source: istio `ValidateWildcardDomain`. */
export function wildcardDomainProblem(text: string): string | undefined {
  const long = lengthProblem(text);
  if (long !== undefined) return long;
  const dot = text.indexOf('.');
  const first = dot === -1 ? text : text.slice(0, dot);
  if (first.length > LONGEST_LABEL || !WILDCARD_LABEL.test(first)) return labelProblem(first);
  return dot === -1 ? undefined : labelsProblem(text.slice(dot + 1));
}

function lengthProblem(text: string): string | undefined {
  if (text === '') return 'must be a host name, not empty';
  return text.length > LONGEST_DOMAIN ? `must be a host name of at most ${LONGEST_DOMAIN} characters` : undefined;
}

function labelsProblem(domain: string): string | undefined {
  const labels = domain.split('.');
  // `istio.io.` is as good as `istio.io`.
  const last = labels.at(-1) === '' ? labels.pop() : labels.at(-1);
  if (last !== '' && /^[-+]?\d+$/.test(last ?? '')) return 'must be a host name, whose last label is not a number';
  const bad = labels.find((label) => !isDnsLabel(label));
  return bad === undefined ? undefined : labelProblem(bad);
}

function labelProblem(label: string): string {
  if (label.includes('*')) return 'must be a host name, with a wildcard in its first label at most';
  if (label.includes(':')) return 'must be a host name without a port';
  return `must be a host name (label ${JSON.stringify(label)} is not a DNS label)`;
}

/** What is wrong with a label's key. */
export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  const prefixFits = slash === -1 || (slash <= 253 && key.slice(0, slash).split('.').every(isDnsLabel));
  if (prefixFits && name.length <= LONGEST_LABEL && LABEL_NAME.test(name)) return undefined;
  return `has the key ${JSON.stringify(key)}, which is not a label key such as app or example.com/app`;
}

export function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= LONGEST_LABEL && LABEL_NAME.test(value));
}

/** A token of RFC 7230. */
export function isHeaderName(name: string): boolean {
  return HEADER_NAME.test(name);
}
