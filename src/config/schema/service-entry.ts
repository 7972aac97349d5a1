import { checkServiceEntry, checkWorkloadEntry } from '../checks/service-entry.ts';
import { checkSubnet } from '../checks/primitives.ts';
import { checked, closedEnum, enumOf, list, map, message, text, uint32, type Field } from './field.ts';
import { labels, port, textList, workloadSelector } from './shared.ts';

/** Also what a WorkloadGroup makes workloads of. */
export const workload = {
  address: text,
  ports: map(uint32),
  labels,
  network: text,
  locality: text,
  weight: uint32,
  serviceAccount: text,
};

/** Source: istio/api networking/v1alpha3/workload_entry.proto. */
export const workloadEntry: Field = message('WorkloadEntry', workload, checkWorkloadEntry);

/** Source: istio/api networking/v1alpha3/service_entry.proto. */
export const serviceEntry: Field = message(
  'ServiceEntry',
  {
    hosts: textList,
    addresses: list(checked(text, checkSubnet)),
    ports: list(port),
    location: enumOf('MESH_EXTERNAL', 'MESH_INTERNAL'),
    resolution: closedEnum('NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'),
    // What an endpoint must have depends on the resolution, so the entry as a whole checks them.
    endpoints: list(message('WorkloadEntry', workload)),
    workloadSelector,
    exportTo: textList,
    subjectAltNames: textList,
  },
  checkServiceEntry,
);
