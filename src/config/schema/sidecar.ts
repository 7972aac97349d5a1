import { checkSidecar, checkSidecarOutbound } from '../checks/sidecar.ts';
import { connectionPool } from './destination-rule.ts';
import { enumOf, list, message, text, type Field } from './field.ts';
import { serverTls } from './gateway.ts';
import { destination, outboundMode, port, textList, workloadSelector } from './shared.ts';

const captureMode = enumOf('DEFAULT', 'IPTABLES', 'NONE');

/** Source: istio/api networking/v1alpha3/sidecar.proto. */
export const sidecar: Field = message(
  'Sidecar',
  {
    workloadSelector,
    egress: list(message('IstioEgressListener', { port, bind: text, captureMode, hosts: textList })),
    ingress: list(
      message('IstioIngressListener', {
        port,
        bind: text,
        captureMode,
        defaultEndpoint: text,
        tls: serverTls,
        connectionPool,
      }),
    ),
    inboundConnectionPool: connectionPool,
    outboundTrafficPolicy: message(
      'OutboundTrafficPolicy',
      { mode: outboundMode, egressProxy: destination },
      checkSidecarOutbound,
    ),
  },
  checkSidecar,
);
