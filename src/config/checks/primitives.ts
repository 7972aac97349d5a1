import { parseDurationMs } from '../../common/duration.ts';
import { MAX_REGEX_LENGTH, MAX_REGEX_SIZE, measureRegex } from '../../route/regex.ts';
import { MAX_REGEX_SIZE_IN_TEXT } from '../limits.ts';
import type { Cursor } from './cursor.ts';
import { isCidr, isIpAddress } from './addresses.ts';
import { isDnsLabel, isLabelValue, labelKeyProblem, wildcardDomainProblem } from './names.ts';

const SMALLEST_SHARE = 0.0001;
const PROTOCOLS = [
  'HTTP',
  'HTTP2',
  'GRPC',
  'GRPC-WEB',
  'HTTPS',
  'TLS',
  'TCP',
  'UDP',
  'MONGO',
  'REDIS',
  'MYSQL',
  'HTTP_PROXY',
];

/** Gives whether it is a port number. */
export function checkPort(port: number, at: Cursor): boolean {
  const isPort = port >= 1 && port <= 65_535;
  if (!isPort) at.invalid('must be a port number from 1 to 65535');
  return isPort;
}

/** For optional ports, where Istio takes 0 as absent. */
export function checkPortIfSet(port: number, at: Cursor): void {
  if (port !== 0) checkPort(port, at);
}

/** Source: istio `ValidateDuration`. */
export function checkDuration(text: string, at: Cursor): void {
  const ms = parseDurationMs(text) ?? 0;
  if (ms < 1) at.invalid('must be at least 1ms', ms === 0 ? 'leave the field out to disable it' : undefined);
  else if (!Number.isInteger(ms)) at.invalid('must be a whole number of milliseconds');
}

export function checkWildcardDomain(name: string, at: Cursor): void {
  const problem = wildcardDomainProblem(name);
  if (problem !== undefined) at.invalid(problem);
}

export function checkSubnet(subnet: string, at: Cursor): void {
  if (!(subnet.includes('/') ? isCidr(subnet) : isIpAddress(subnet))) {
    at.invalid('must be an IP address or a CIDR block such as 10.0.0.0/8');
  }
}

/** Labels of workloads: keys and values as Kubernetes takes them. */
export function checkLabels(labels: Readonly<Record<string, string>>, at: Cursor): void {
  for (const [key, value] of Object.entries(labels)) {
    const problem = labelKeyProblem(key);
    if (problem !== undefined) at.invalid(problem);
    if (!isLabelValue(value)) {
      at.to(key).invalid(
        'must be a label value: at most 63 letters, digits, - _ . with a letter or digit at both ends',
      );
    }
  }
}

/** `*` selects nothing in a selector. Gives whether the selector has labels at all. */
export function checkSelector(labels: Readonly<Record<string, string>> | undefined, at: Cursor): boolean {
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (key === '') at.invalid('must not have an empty key');
    if (`${key}${value}`.includes('*')) {
      at.to(key).invalid('must not contain a wildcard: labels are compared as they stand');
    } else if (value.length > 63) {
      at.to(key).onApply?.invalid('must not be longer than 63 characters');
    }
  }
  return Object.keys(labels ?? {}).length > 0;
}

/** A share in percent, where Istio counts in millionths. */
export function checkShare(percent: { value?: number }, at: Cursor): void {
  const { value = 0 } = percent;
  if (value < 0 || value > 100 || (value > 0 && value < SMALLEST_SHARE)) {
    at.to('value').invalid(`must be 0, or ${SMALLEST_SHARE} to 100 (percent)`);
  }
}

/** A share without Istio's lower bound: those of mirrors. */
export function checkMirrorShare(percent: { value?: number }, at: Cursor): void {
  const { value = 0 } = percent;
  if (value < 0 || value > 100) at.to('value').invalid('must be 0 to 100 (percent)');
}

export function checkPercent(percent: number, at: Cursor): void {
  if (percent < 0 || percent > 100) at.invalid('must be 0 to 100 (percent)');
}

export function checkNotNegative(value: number, at: Cursor): void {
  if (value < 0) at.invalid('must not be negative');
}

/** A regular expression of RE2, of a size that can neither hang nor crowd out anything. Gives whether it is one. */
export function checkRegex(regex: string, at: Cursor): boolean {
  const { budget } = at.context;
  if (regex === '') {
    at.invalid('must be a regular expression, not empty');
  } else if (regex.length > MAX_REGEX_LENGTH) {
    at.invalid(`must be a regular expression of at most ${MAX_REGEX_LENGTH} characters`);
  } else if (budget.regexSize <= 0) {
    const limit = `the regular expressions of one text must not compile to more than ${MAX_REGEX_SIZE_IN_TEXT} instructions`;
    at.error('ERR_TOO_LARGE', `was not looked at: ${limit} together`, 'simplify those before it, or split the text');
  } else {
    const { size, problem } = measureRegex(regex);
    budget.regexSize -= size;
    if (problem !== undefined) {
      at.invalid(`must be a regular expression of RE2 (${problem})`, 'see https://github.com/google/re2/wiki/Syntax');
    } else if (size > MAX_REGEX_SIZE) {
      at.onApply?.invalid(
        `must be a regular expression that compiles to at most ${MAX_REGEX_SIZE} instructions, not to ${size}`,
        'counted repeats multiply: write + or * instead of {1,1000}, or repeat fewer times',
      );
    } else {
      return true;
    }
  }
  return false;
}

export function checkDnsLabel(label: string, at: Cursor): void {
  if (!isDnsLabel(label)) {
    at.invalid('must be a DNS label: at most 63 letters, digits and -, with a letter or digit at both ends');
  }
}

/** The protocol of a port; any case, empty means that it is found out from the bytes. */
export function checkProtocol(protocol: string, at: Cursor): void {
  if (protocol !== '' && !isKnownProtocol(protocol)) at.invalid(`must be one of ${PROTOCOLS.join(', ')}`);
}

export function isKnownProtocol(protocol: string): boolean {
  return PROTOCOLS.includes(protocol.toUpperCase());
}

export function isHttpProtocol(protocol: string): boolean {
  return ['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB', 'HTTP_PROXY'].includes(protocol.toUpperCase());
}

export function isTlsProtocol(protocol: string): boolean {
  return ['HTTPS', 'TLS'].includes(protocol.toUpperCase());
}
