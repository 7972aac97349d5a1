/**
 * Whether something of `namespace` that is exported to `exportTo` can be seen from `caller`.
 *
 * Source: Istio `exportTo`: `*` everybody, whatever else is there; else `~` nobody; `.` the own namespace, a name that namespace.
 */
export function isExportedTo(exportTo: readonly string[], namespace: string, caller: string): boolean {
  if (exportTo.includes('~') && !exportTo.includes('*')) return false;
  return exportTo.some((target) => target === '*' || target === caller || (target === '.' && namespace === caller));
}

/**
 * Order of precedence for a caller: what is private to its namespace (0), what is exported to it by name (1), what everybody
 * sees (2).
 *
 * Source: istio `servicesExportedToNamespace`, `VirtualServicesForGateway`.
 */
export function exportRank(exportTo: readonly string[], namespace: string, caller: string): 0 | 1 | 2 {
  if (exportTo.includes('*')) return 2;
  return namespace === caller ? 0 : 1;
}
