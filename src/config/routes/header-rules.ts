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
  const set = values(spec?.set);
  const add = values(spec?.add);
  const remove = (spec?.remove ?? []).map((name) => name.toLowerCase()).filter((name) => !isInternal(name));
  if (set === undefined && add === undefined && remove.length === 0) return undefined;
  return { ...(set && { set }), ...(add && { add }), ...(remove.length > 0 && { remove }) };
}

function values(spec: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  const result = Object.create(null) as Record<string, string>;
  let empty = true;
  for (const [key, value] of Object.entries(spec ?? {})) {
    const name = key.toLowerCase();
    if (isInternal(name)) continue;
    result[name] = value;
    empty = false;
  }
  return empty ? undefined : result;
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
