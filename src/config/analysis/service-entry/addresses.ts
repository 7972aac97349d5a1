import type { AnalysisContext } from '../analysis-context.ts';

/** TCP ports of entries that cannot be told from others by address. Source: istio `ProtocolAddressesAnalyzer`. */
export function tcpAddresses(context: AnalysisContext): void {
  if (context.of('ConfigMap').some(({ spec }) => allocates(spec.defaultConfig?.proxyMetadata))) return;
  for (const resource of context.of('ServiceEntry')) {
    if (resource.spec.addresses !== undefined) continue;
    resource.spec.ports?.forEach(({ protocol = '' }, index) => {
      if (!['', 'TCP'].includes(protocol.toUpperCase())) return;
      context.log.add('IST0134', resource, 'ServiceEntry addresses are required for this protocol.', { path: `spec.ports[${index}].name` });
    });
  }
}

function allocates(metadata: Readonly<Record<string, string>> = {}): boolean {
  const isOn = (name: string): boolean => metadata[name] === 'true';
  return isOn('ISTIO_META_DNS_CAPTURE') && (isOn('ISTIO_META_DNS_AUTO_ALLOCATE') || isOn('PILOT_ENABLE_IP_AUTOALLOCATE'));
}
