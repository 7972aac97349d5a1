import { checkDestination } from '../checks/destination.ts';
import { checkDuration, checkLabels, checkSubnet } from '../checks/primitives.ts';
import { anyDuration, checked, enumOf, list, map, message, text, uint32, type Field } from './field.ts';

/** A duration of at least 1ms in whole milliseconds, as Istio wants them nearly everywhere. */
export const duration: Field = checked(anyDuration, checkDuration);
export const textList: Field = list(text);
export const textMap: Field = map(text);
export const labels: Field = checked(textMap, checkLabels);
export const subnets: Field = list(checked(text, checkSubnet));

export const portSelector: Field = message('PortSelector', { number: uint32 });
export const destination: Field = message(
  'Destination',
  { host: text, subset: text, port: portSelector },
  checkDestination,
);

/** A port of a Gateway, Sidecar or ServiceEntry. */
export const port: Field = message('Port', { number: uint32, protocol: text, name: text, targetPort: uint32 });

export const workloadSelector: Field = message('WorkloadSelector', { labels: textMap });
export const outboundMode: Field = enumOf('REGISTRY_ONLY', 'ALLOW_ANY', 'ALLOW_ANY_DYNAMIC_DNS');
