import type { Answer } from './model/answer.ts';
import type { HeaderLine } from './model/requests.ts';

/** One line for each part of the answer in which the two differ. */
export function differences(model: Answer, system: Answer): string[] {
  const found: string[] = [];
  compare('', canonical(model), canonical(system), found);
  return found;
}

function compare(path: string, model: unknown, system: unknown, found: string[]): void {
  if (isRecord(model) && isRecord(system)) {
    for (const key of new Set([...Object.keys(model), ...Object.keys(system)])) compare(`${path}.${key}`, model[key], system[key], found);
  } else if (JSON.stringify(model) !== JSON.stringify(system)) {
    found.push(`${path.slice(1)}: model ${JSON.stringify(model)}, ts-mesh ${JSON.stringify(system)}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Header lines by name, since only the order of lines of one name means something; rounded shares. */
function canonical(answer: Answer): unknown {
  return JSON.parse(JSON.stringify(answer), (key, value: unknown) => {
    // A preflight goes nowhere.
    if (key === 'responseHeaders' && 'preflight' in answer) return {};
    if (key === 'headers' || key.endsWith('Headers')) return byName(value as readonly HeaderLine[]);
    // A hash that no balancer asks for decides nothing.
    if (isRecord(value) && 'share' in value && 'cluster' in value && !/"balancer":"(RING_HASH|MAGLEV)"/.test(JSON.stringify(value['cluster']))) return { ...value, hash: '' };
    // Nothing is balanced between addresses that callers dial.
    if (key === 'cluster' && isRecord(value) && value['state'] === 'dialled') return { ...value, policy: { ...(value['policy'] as object), balancer: '' } };
    return key === 'share' && typeof value === 'number' ? Math.round(value * 1e9) / 1e9 : value;
  }) as unknown;
}

/** Only the order of lines of one name means something. */
export function byName(lines: readonly HeaderLine[]): Record<string, string[]> {
  const names = [...new Set(lines.map(([name]) => name))].sort();
  return Object.fromEntries(names.map((name) => [name, lines.filter(([own]) => own === name).map(([, value]) => value)]));
}
