import { checkWorkloadGroup } from '../checks/workload-group.ts';
import { int32, list, message, text, uint32, type Field } from './field.ts';
import { workload } from './service-entry.ts';
import { textList, textMap } from './shared.ts';

const probe = message('ReadinessProbe', {
  initialDelaySeconds: int32,
  timeoutSeconds: int32,
  periodSeconds: int32,
  successThreshold: int32,
  failureThreshold: int32,
  httpGet: message('HTTPHealthCheckConfig', {
    path: text,
    port: uint32,
    host: text,
    scheme: text,
    httpHeaders: list(message('HTTPHeader', { name: text, value: text })),
  }),
  tcpSocket: message('TCPHealthCheckConfig', { host: text, port: uint32 }),
  exec: message('ExecHealthCheckConfig', { command: textList }),
  grpc: message('GrpcHealthCheckConfig', { port: uint32, service: text }),
});

/** Source: istio/api networking/v1alpha3/workload_group.proto. */
export const workloadGroup: Field = message(
  'WorkloadGroup',
  {
    metadata: message('ObjectMeta', { labels: textMap, annotations: textMap }),
    template: message('WorkloadEntry', workload),
    probe,
  },
  checkWorkloadGroup,
);
