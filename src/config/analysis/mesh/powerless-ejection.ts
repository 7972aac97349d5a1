import type { OutlierDetectionSpec } from '../../istio-types.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import { HostWorkloads } from './host-workloads.ts';

/** Source: istio, where 0 counts as unset; Envoy no longer ejects at least one. */
const DEFAULT_PERCENT = 10;

/** TSM0008: outlier detection that may eject less than one of the endpoints there are. */
export function powerlessEjection(context: AnalysisContext): void {
  const known = new HostWorkloads(context);
  for (const resource of context.of('DestinationRule')) {
    const { host = '', trafficPolicy, subsets = [] } = resource.spec;
    const workloads = known.of(context.hosts.fqdn(host, resource.namespace));
    if (workloads === undefined || !workloads.isCounted) continue;
    const check = (outlier: OutlierDetectionSpec | undefined, endpoints: number, whose: string, path: string): void => {
      if (outlier === undefined || endpoints === 0) return;
      const percent = outlier.maxEjectionPercent || DEFAULT_PERCENT;
      if (100 / endpoints <= percent) return;
      const said = outlier.maxEjectionPercent ? `maxEjectionPercent ${percent}` : `the default maxEjectionPercent, ${percent},`;
      const message = `no endpoint is ever ejected: ${said} allows less than one of the ${endpoints} of ${whose}`;
      context.log.add('TSM0008', resource, message, { path, hint: `set maxEjectionPercent to ${Math.ceil(100 / endpoints)} or more` });
    };
    check(trafficPolicy?.outlierDetection, workloads.all.length, host, 'spec.trafficPolicy.outlierDetection');
    trafficPolicy?.portLevelSettings?.forEach(({ outlierDetection }, index) =>
      check(outlierDetection, workloads.all.length, host, `spec.trafficPolicy.portLevelSettings[${index}].outlierDetection`),
    );
    subsets.forEach(({ name, labels, trafficPolicy: own }, index) => {
      const endpoints = workloads.byLabel.selectedBy(labels).length;
      check(own?.outlierDetection, endpoints, `${host} ${name}`, `spec.subsets[${index}].trafficPolicy.outlierDetection`);
    });
  }
}
