/** One step of a field path: a key of a map, or an index of a list. */
export type PathStep = string | number;

const PLAIN_KEY = /^[A-Za-z0-9_@$-]+$/;
const STEP = /\.?([^.[\]]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** `spec.http` + `0` → `spec.http[0]`; + `timeout` → `spec.http.timeout`; a key with dots is quoted: `labels["a.b/c"]`. */
export function childPath(path: string, step: PathStep): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  if (!PLAIN_KEY.test(step)) return `${path}[${JSON.stringify(step)}]`;
  return path === '' ? step : `${path}.${step}`;
}

/** The steps of a path that {@link childPath} made; what cannot be read ends the list. */
export function parsePath(path: string): PathStep[] {
  const steps: PathStep[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const step = STEP.exec(path);
    if (step === null) break;
    if (step[1] !== undefined) steps.push(step[1]);
    else if (step[2] !== undefined) steps.push(Number(step[2]));
    else steps.push(JSON.parse(step[3] ?? '""') as string);
  }
  return steps;
}
