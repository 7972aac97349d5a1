import type { RouteMatch, StringMatch } from '../../route/model.ts';
import type { HttpMatchSpec, StringMatchSpec } from '../istio-types.ts';
import { hasLabels } from '../registry/endpoint-fields.ts';
import { gatewayName } from './gateway-name.ts';
import type { RouteContext } from './route-context.ts';

/** What of a match entry a request has to meet; what can be told beforehand is left to {@link whyNotForCaller}. */
export function routeMatch(spec: HttpMatchSpec): RouteMatch {
  const uri = stringMatch(spec.uri);
  const scheme = stringMatch(spec.scheme);
  const method = stringMatch(spec.method);
  const authority = stringMatch(spec.authority);
  return {
    ...(uri && { uri }),
    ...(uri && spec.ignoreUriCase === true && { ignoreUriCase: true }),
    ...(scheme && { scheme }),
    ...(method && { method }),
    ...(authority && { authority }),
    ...(hasEntries(spec.headers) && { headers: conditions(spec.headers, (name) => name.toLowerCase()) }),
    ...(hasEntries(spec.withoutHeaders) && { withoutHeaders: conditions(spec.withoutHeaders, (name) => name.toLowerCase()) }),
    ...(hasEntries(spec.queryParams) && { queryParams: conditions(spec.queryParams, (name) => name) }),
  };
}

/**
 * Why a match entry cannot apply to this caller on this port, or `undefined` when it can.
 *
 * An entry with `gateways` is judged by them alone: its source labels and namespace do not count then.
 *
 * @param namespace - the one by which the entry names gateways
 *
 * Source: istio `translateRoute`, `sourceMatchHTTP`.
 */
export function whyNotForCaller(
  spec: HttpMatchSpec,
  namespace: string,
  { caller, port, gateway }: Pick<RouteContext, 'caller' | 'port' | 'gateway'>,
): string | undefined {
  if (spec.port !== undefined && spec.port !== 0 && spec.port !== port) return `port ${spec.port} is not the port ${port}`;
  const { gateways = [], sourceLabels = {}, sourceNamespace = '' } = spec;
  if (gateways.length > 0) {
    return gateways.some((name) => gatewayName(name, namespace) === gateway) ? undefined : `gateways [${gateways.join(', ')}] do not include ${gateway}`;
  }
  if (!hasLabels(caller.labels, sourceLabels)) {
    return `sourceLabels ${labelText(sourceLabels)} are not all among the caller's ${labelText(caller.labels)}`;
  }
  if (sourceNamespace !== '' && sourceNamespace !== caller.namespace) {
    return `sourceNamespace ${sourceNamespace} is not the caller's ${caller.namespace}`;
  }
  return undefined;
}

/** Whether every request matches, so that no later route can be reached. Source: istio `IsCatchAllRoute`. */
export function isCatchAll({ uri, ...others }: RouteMatch): boolean {
  if (uri !== undefined && uri.prefix !== '/' && uri.regex !== '.*') return false;
  return Object.keys(others).every((key) => key === 'ignoreUriCase');
}

function stringMatch(spec: StringMatchSpec | null | undefined): StringMatch | undefined {
  if (spec === undefined || spec === null) return undefined;
  if (spec.exact !== undefined) return { exact: spec.exact };
  if (spec.prefix !== undefined) return { prefix: spec.prefix };
  if (spec.regex !== undefined) return { regex: spec.regex };
  return undefined;
}

function conditions(
  specs: Readonly<Record<string, StringMatchSpec | null>> | undefined,
  nameOf: (name: string) => string,
): Record<string, StringMatch> {
  // No prototype: a header may be called `__proto__`.
  const result = Object.create(null) as Record<string, StringMatch>;
  const isPlain = ([name]: readonly [string, unknown]): boolean => nameOf(name) === name;
  const entries = Object.entries(specs ?? {});
  for (const [name, spec] of [...entries.filter(isPlain), ...entries.filter((entry) => !isPlain(entry))]) {
    // Istio reads the regex `*`, which is none, as "present".
    const present = spec === null || spec.regex === '*';
    // `x-a` beside `X-A`: two conditions on one header, of which the second keeps its spelling, since both must hold.
    result[nameOf(name) in result ? name : nameOf(name)] = present ? {} : (stringMatch(spec) ?? {});
  }
  return result;
}

function hasEntries(specs: object | undefined): boolean {
  return specs !== undefined && Object.keys(specs).length > 0;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')}}`;
}
