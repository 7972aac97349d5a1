import type { Cursor } from './cursor.ts';
import { fqdnProblem, isDnsLabel } from './names.ts';

/**
 * The gateways a rule is bound to: `mesh`, a name, or `namespace/name`. Nothing after the first name without a slash is
 * looked at, as in istio `validateGatewayNames`.
 */
export function checkGatewayNames(names: readonly string[], at: Cursor): void {
  for (const [index, name] of names.entries()) {
    const place = at.to(index);
    const slash = name.indexOf('/');
    if (slash === -1) {
      if (name.includes('.')) {
        const [gateway, namespace] = name.split('.');
        place.warn(
          'WARN_DEPRECATED',
          'is the old way to write a gateway of another namespace',
          `write ${namespace}/${gateway}`,
        );
      }
      if (fqdnProblem(name) !== undefined) place.invalid('must be mesh, NAME or NAMESPACE/NAME');
      return;
    }
    const parts = [name.slice(0, slash), name.slice(slash + 1)];
    if (parts.includes('')) place.invalid('must be NAMESPACE/NAME, with both parts');
    if (!isDnsLabel(parts[0]!)) place.invalid('must be NAMESPACE/NAME, where the namespace is a DNS label');
    if (!isDnsLabel(parts[1]!)) place.invalid('must be NAMESPACE/NAME, where the name is a DNS label');
  }
}
