import type { DestinationSpec } from '../istio-types.ts';
import type { Cursor } from './cursor.ts';
import { checkDnsLabel, checkPort, checkWildcardDomain } from './primitives.ts';

/** Source: istio `validateDestination`. */
export function checkDestination(destination: DestinationSpec, at: Cursor): void {
  const { host = '', subset = '', port } = destination;
  if (host === '*') {
    at.to('host').invalid('must be the name of a service, not *');
  } else if (host === '') {
    at.to('host').required('must name a service, such as reviews or reviews.default.svc.cluster.local');
  } else {
    checkWildcardDomain(host, at.to('host'));
  }
  if (subset !== '') checkDnsLabel(subset, at.to('subset'));
  if (port === undefined) return;
  if (port.number === undefined) at.to('port').required('needs a number', 'write port: {number: 80}');
  else checkPort(port.number, at.to('port', 'number'));
}

/** The weighted destinations of an HTTP, TCP or TLS rule. */
export function checkWeights(
  destinations: readonly { destination?: DestinationSpec; weight?: number }[],
  at: Cursor,
): void {
  let total = 0;
  destinations.forEach(({ destination, weight = 0 }, index) => {
    if (destination === undefined) at.to(index).required('needs a destination', 'write destination: {host: NAME}');
    if (weight < 0) at.to(index, 'weight').invalid('must not be negative');
    total += weight;
  });
  if (destinations.length > 1 && total === 0) {
    at.required(
      `needs weights: the total of its ${destinations.length} destinations is 0`,
      'give each destination its weight, such as weight: 50',
    );
  }
}
