/** Labels of a resource, or a selector of some. */
export type Labels = Readonly<Record<string, string>>;

/** Whether `labels` have all that `selector` asks for; an empty selector asks for nothing. */
export function selects(selector: Labels | undefined, labels: Labels): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
}

/** `app=web,version=v1`, as Kubernetes prints a selector. */
export function formatSelector(selector: Labels | undefined): string {
  return Object.entries(selector ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** The path of the label that Istio points at: the first of the selector as it is printed. */
export function firstLabelPath(parent: string, selector: Labels | undefined): string {
  const [first] = Object.keys(selector ?? {}).sort();
  return first === undefined ? parent : `${parent}[${JSON.stringify(first)}]`;
}
