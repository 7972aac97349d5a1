/**
 * A gateway as rules of `namespace` name it, as `namespace/name`; `mesh` stays. A name with dots is how Istio once wrote
 * `name.namespace`.
 *
 * Source: istio `resolveGatewayName`.
 */
export function gatewayName(name: string, namespace: string): string {
  if (name === 'mesh' || name.includes('/')) return name;
  const [gateway = '', other = namespace] = name.split('.');
  return `${other}/${gateway}`;
}
