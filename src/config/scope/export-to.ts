/**
 * Whether something of `namespace` that is exported to `exportTo` can be seen from `caller`.
 *
 * Source: Istio `exportTo`: `*` everybody, `.` the own namespace, a name that namespace, `~` nobody.
 */
export function isExportedTo(exportTo: readonly string[], namespace: string, caller: string): boolean {
  return exportTo.some((target) => target === '*' || target === caller || (target === '.' && namespace === caller));
}
