import { checkHeaderValue } from '../../route/variables.ts';
import type { HeaderOperationsSpec, HeadersSpec, HttpRouteSpec } from '../istio-types.ts';
import type { Cursor } from './cursor.ts';
import { headerValueProblem } from './header-values.ts';
import { isHeaderName } from './names.ts';

/** Source: istio `validateHTTPRoute`, header manipulation. */
export function checkHeaders(headers: HeadersSpec, at: Cursor): void {
  if (headers.request !== undefined) checkOperations(headers.request, at.to('request'), checkRequestName);
  if (headers.response !== undefined) checkOperations(headers.response, at.to('response'), checkName);
}

function checkOperations(
  operations: HeaderOperationsSpec,
  at: Cursor,
  checkWritten: (name: string, at: Cursor) => void,
): void {
  for (const kind of ['set', 'add'] as const) {
    for (const [name, value] of Object.entries(operations[kind] ?? {})) {
      const place = at.to(kind, name);
      checkWritten(name, place);
      const problem = headerValueProblem(value);
      // What Istio lets through here, such as `%req(x)%`, the proxies refuse together with the whole route configuration.
      const format = problem === undefined ? checkHeaderValue(value) : undefined;
      if (problem !== undefined) place.invalid(problem);
      else if (format !== undefined) place.onApply?.invalid(`must have operators such as %REQ(x)%, and %% for a percent sign; it ${format}`);
    }
  }
  operations.remove?.forEach((name, index) => checkName(name, at.to('remove', index)));
}

function checkRequestName(name: string, at: Cursor): void {
  if (!isAuthority(name)) checkName(name, at);
}

function checkName(name: string, at: Cursor): void {
  if (name === '') {
    at.error('ERR_INVALID_VALUE', 'must have a header name, not an empty one');
  } else if (name.toLowerCase() === 'host') {
    at.error('ERR_INVALID_VALUE', 'must not be Host, which can only be set on requests');
  } else if (name.startsWith(':')) {
    at.error('ERR_INVALID_VALUE', `must not be a pseudo-header, got ${name}`);
  } else if (!isHeaderName(name)) {
    at.onApply?.error('ERR_INVALID_VALUE', `must be a header name, got ${JSON.stringify(name)}`);
  }
}

function isAuthority(name: string): boolean {
  return ['host', ':authority'].includes(name.toLowerCase());
}

/** The authority can be rewritten in one place of a rule only. Source: istio `validateAuthorityRewrite`. */
export function checkOneAuthority(rule: HttpRouteSpec, at: Cursor): void {
  let first = rule.rewrite?.authority ?? '';
  for (const kind of ['set', 'add'] as const) {
    for (const [name, value] of Object.entries(rule.headers?.request?.[kind] ?? {})) {
      if (!isAuthority(name)) continue;
      if (first !== '') {
        at.to('headers', 'request', kind, name).conflict(
          `sets the authority to ${JSON.stringify(value)}, but this rule already sets it to ${JSON.stringify(first)}`,
        );
        return;
      }
      first = value;
    }
  }
}
