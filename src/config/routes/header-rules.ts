import type { HeaderOperations, HeaderRules } from '../../route/model.ts';
import type { HeaderOperationsSpec, HeadersSpec } from '../istio-types.ts';

/** Header operations, with what they do to the Host set apart. */
export interface CompiledHeaders {
  readonly rules?: HeaderRules;
  /** From `host` or `:authority` in `request.set`, else in `request.add`. */
  readonly host?: string;
}

/** Source: istio `TranslateHeadersOperations`. */
export function headerRules(spec: HeadersSpec | undefined): CompiledHeaders {
  if (spec === undefined) return {};
  const request = operations(spec.request);
  const response = operations(spec.response);
  const host = hostOf(spec.request?.set) ?? hostOf(spec.request?.add);
  return {
    ...(request || response ? { rules: { ...(request && { request }), ...(response && { response }) } } : {}),
    ...(host !== undefined && { host }),
  };
}

function operations(spec: HeaderOperationsSpec | undefined): HeaderOperations | undefined {
  const set = Map.groupBy(written(spec?.set), ([name]) => name);
  const add = Map.groupBy(written(spec?.add), ([name]) => name);
  const remove = (spec?.remove ?? []).map((name) => name.toLowerCase()).filter((name) => !isInternal(name));
  if (set.size + add.size + remove.length === 0) return undefined;
  return {
    ...(set.size > 0 && { set: record([...set].map(([name, lines]) => [name, oneOrAll(effective(lines))])) }),
    ...(add.size > 0 && { add: record([...add].map(([name, lines]) => [name, oneOrAll(lines)])) }),
    ...(remove.length > 0 && { remove }),
  };
}

/** Names in lower case. Of one name in several cases the order is that of istiod, capitals first, so that the last wins a `set`. */
function written(spec: Readonly<Record<string, string>> | undefined): [name: string, value: string][] {
  return Object.entries(spec ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !isInternal(name));
}

type Line = readonly [name: string, value: string];

/** What of several values for one name a `set` comes to: the last one that has text, whatever the request, and those after it that may have some. */
function effective(lines: readonly Line[]): readonly Line[] {
  return lines.slice(Math.max(0, lines.findLastIndex(([, value]) => value !== '' && !value.includes('%'))));
}

function oneOrAll(lines: readonly Line[]): string | readonly string[] {
  return lines.length === 1 ? lines[0]![1] : lines.map(([, value]) => value);
}

/** Without a prototype: a header may be called `__proto__`. */
function record<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  const result = Object.create(null) as Record<string, T>;
  for (const [name, value] of entries) result[name] = value;
  return result;
}

function hostOf(spec: Readonly<Record<string, string>> | undefined): string | undefined {
  const entry = Object.entries(spec ?? {}).find(([name, value]) => isAuthority(name.toLowerCase()) && value !== '');
  return entry?.[1];
}

/** Envoy lets no header operation touch these. */
function isInternal(name: string): boolean {
  return name.startsWith(':') || name === 'host';
}

function isAuthority(name: string): boolean {
  return name === 'host' || name === ':authority';
}
