import type { CorsSpec, FaultSpec, HttpRouteSpec, RetrySpec, StringMatchSpec } from '../istio-types.ts';
import { parseDurationMs } from '../../common/duration.ts';
import { MAX_REGEX_LENGTH } from '../../route/regex.ts';
import { checkRegexRewrite } from '../../route/regex-rewrite.ts';
import type { Cursor } from './cursor.ts';
import { plainTextProblem } from './header-values.ts';
import { isHeaderName } from './names.ts';
import { checkPortIfSet, checkRegex } from './primitives.ts';
import { GRPC_STATUSES, isRegisteredStatus, RETRY_TOKENS } from './vocabulary.ts';

const MIB = 1024 * 1024;
const CORS_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', '*'];

/** 600 passes, as it does for Istio. */
function checkStatus(status: number, at: Cursor): void {
  if (status < 200 || status > 600) at.invalid('must be an HTTP status from 200 to 599');
}

/** Source: istio `validateHTTPFaultInjection`. */
export function checkFault(fault: FaultSpec, at: Cursor): void {
  if (fault.abort === undefined && fault.delay === undefined) at.required('needs an abort, a delay or both');
}

type Delay = NonNullable<FaultSpec['delay']> & { exponentialDelay?: string };

export function checkDelay(delay: Delay, at: Cursor): void {
  if (delay.exponentialDelay !== undefined) {
    at.to('exponentialDelay').invalid('must be left out: exponential delays are not supported', 'use fixedDelay');
  }
}

type Abort = NonNullable<FaultSpec['abort']> & { http2Error?: string };

export function checkAbort(abort: Abort, at: Cursor): void {
  if (abort.http2Error !== undefined) {
    at.to('http2Error').invalid('must be left out: HTTP/2 aborts are not supported', 'use httpStatus');
  }
  if (abort.httpStatus !== undefined) checkStatus(abort.httpStatus, at.to('httpStatus'));
  if (abort.grpcStatus !== undefined && !GRPC_STATUSES.includes(abort.grpcStatus)) {
    at.to('grpcStatus').invalid(`must be one of ${GRPC_STATUSES.join(', ')}`);
  }
}

/** Source: istio `validateHTTPRedirect`; it stops at the first thing wrong. */
export function checkRedirect(redirect: NonNullable<HttpRouteSpec['redirect']>, at: Cursor): void {
  const { uri = '', prefixRewrite = '', authority = '', scheme = '', redirectCode = 0 } = redirect;
  const port = redirect.port !== undefined || redirect.derivePort !== undefined;
  if (uri !== '' && prefixRewrite !== '') {
    at.conflict('must have one of uri and prefixRewrite');
  } else if (uri === '' && prefixRewrite === '' && authority === '' && scheme === '' && !port) {
    at.required('needs a uri, prefixRewrite, authority, scheme, port or derivePort');
  } else if (redirectCode !== 0 && (redirectCode < 300 || redirectCode > 399)) {
    at.to('redirectCode').invalid('must be 301, 302, 303, 307 or 308');
  } else if (scheme !== '' && scheme !== 'http' && scheme !== 'https') {
    at.to('scheme').invalid('must be http or https');
  } else {
    checkPortIfSet(redirect.port ?? 0, at.to('port'));
  }
  checkPlainTexts({ uri, prefixRewrite, authority }, at);
}

/** Envoy refuses texts that would end a line of the head; istiod does not look. */
function checkPlainTexts(texts: Readonly<Record<string, string>>, at: Cursor): void {
  for (const [field, text] of Object.entries(texts)) {
    const problem = plainTextProblem(text);
    if (problem !== undefined) at.onApply?.to(field).invalid(problem);
  }
}

export function checkDirectResponse(response: NonNullable<HttpRouteSpec['directResponse']>, at: Cursor): void {
  const { string, bytes = '' } = response.body ?? {};
  const size = string === undefined ? Math.floor((bytes.length * 3) / 4) : utf8Length(string);
  if (size > MIB) {
    at.to('body').error('ERR_INVALID_VALUE', `must not be larger than 1 MB, got ${size} bytes`);
  } else if (size > 100 * 1024) {
    at.to('body').warn('WARN_LARGE_BODY', `has ${size} bytes; a large body is better served by a service`);
  }
  checkStatus(response.status ?? 0, at.to('status'));
}

function utf8Length(text: string): number {
  let length = text.length;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    length += point > 0xffff ? 2 : point > 0x7ff ? 2 : point > 0x7f ? 1 : 0;
  }
  return length;
}

export function checkRewrite(rewrite: NonNullable<HttpRouteSpec['rewrite']>, at: Cursor): void {
  const { uri = '', authority = '', uriRegexRewrite } = rewrite;
  if (uri !== '' && uriRegexRewrite !== undefined) {
    at.conflict('must have one of uri and uriRegexRewrite');
  } else if (uri === '' && authority === '' && uriRegexRewrite === undefined) {
    at.required('needs a uri, uriRegexRewrite or authority');
  } else if (uriRegexRewrite !== undefined) {
    checkUriRegexRewrite(uriRegexRewrite, at.to('uriRegexRewrite'));
  }
  checkPlainTexts({ uri, authority }, at);
}

function checkUriRegexRewrite(regexRewrite: { match?: string; rewrite?: string }, at: Cursor): void {
  const { match = '', rewrite = '' } = regexRewrite;
  if (match === '' || rewrite === '') {
    at.required('needs both match and rewrite');
    return;
  }
  if (!checkRegex(match, at.to('match')) || at.onApply === undefined) return;
  // Istio takes any text here, and the proxies then refuse the whole route configuration.
  checkPlainTexts({ rewrite }, at);
  const problem = rewrite.length > MAX_REGEX_LENGTH ? `has ${rewrite.length} characters, more than ${MAX_REGEX_LENGTH}` : checkRegexRewrite({ match, rewrite });
  if (problem !== undefined) {
    at.to('rewrite').invalid(`must be a text where \\1 stands for a group and \\\\ for a backslash (${problem})`);
  }
}

export function checkRetries(retries: RetrySpec, at: Cursor): void {
  const { attempts = 0, retryOn = '' } = retries;
  if (attempts < 0) at.to('attempts').invalid('must not be negative');
  const more =
    retries.perTryTimeout !== undefined || retryOn !== '' || (retries.retryRemoteLocalities ?? undefined) !== undefined;
  if (attempts === 0 && more) {
    at.conflict(
      'has settings, but attempts is 0, which switches retries off',
      'set attempts, or leave the other fields out',
    );
  }
  if (retryOn === '') return;
  for (const token of retryOn.split(',')) {
    if (RETRY_TOKENS.includes(token) || isRegisteredStatus(token)) continue;
    const hint = token.trim() !== token ? 'write the list without blanks' : undefined;
    at.to('retryOn').invalid(
      `has ${JSON.stringify(token)}, which is none of ${RETRY_TOKENS.join(', ')} nor an HTTP status`,
      hint,
    );
  }
}

export function checkCors(cors: CorsSpec, at: Cursor): void {
  cors.allowOrigins?.forEach((origin, index) => checkOrigin(origin, at.to('allowOrigins', index)));
  cors.allowMethods?.forEach((method, index) => {
    if (!CORS_METHODS.includes(method)) {
      at.to('allowMethods', index).invalid(`must be one of ${CORS_METHODS.join(', ')}`);
    }
  });
  for (const field of ['allowHeaders', 'exposeHeaders'] as const) {
    cors[field]?.forEach((name, index) => {
      if (name !== '*' && !isHeaderName(name)) at.to(field, index).invalid('must be a header name or *');
    });
  }
  const maxAgeMs = cors.maxAge === undefined ? 0 : (parseDurationMs(cors.maxAge) ?? 0);
  if (maxAgeMs > 0 && maxAgeMs % 1000 !== 0) at.to('maxAge').invalid('must be a whole number of seconds');
}

function checkOrigin(origin: StringMatchSpec, at: Cursor): void {
  const { exact, prefix, regex } = origin;
  if ((exact ?? prefix ?? regex ?? '') === '') at.required('needs an exact, prefix or regex that is not empty');
  else if (regex !== undefined) checkRegex(regex, at.to('regex'));
}
