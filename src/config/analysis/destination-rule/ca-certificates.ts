import type { ClientTlsSpec } from '../../istio-types.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import { fullName } from '../names.ts';

/** TLS that trusts any server. Source: istio `CaCertificateAnalyzer`. */
export function caCertificates(context: AnalysisContext): void {
  for (const resource of context.of('DestinationRule')) {
    const { host = '', trafficPolicy, workloadSelector } = resource.spec;
    const check = (tls: ClientTlsSpec | undefined, port: { number?: number } | undefined, path: string): void => {
      if (!trustsAnyone(tls, workloadSelector !== undefined)) return;
      const where = port === undefined ? '' : ` at port ${port.number === undefined ? '' : `number:${port.number}`}`;
      const message = `DestinationRule ${fullName(resource)} in namespace ${resource.namespace} has TLS mode set to ${tls?.mode} but no caCertificates are set to validate server identity for host: ${host}${where}`;
      context.log.add(port === undefined ? 'IST0128' : 'IST0129', resource, message, { path, once: true });
    };
    check(trafficPolicy?.tls, undefined, 'spec.trafficPolicy.tls');
    trafficPolicy?.portLevelSettings?.forEach(({ tls, port = {} }, index) => check(tls, port, `spec.trafficPolicy.portLevelSettings[${index}].tls`));
  }
}

/** Sidecars that a rule selects fetch the CA along with the credential. */
function trustsAnyone({ mode = '', caCertificates: ca = '', credentialName = '' }: ClientTlsSpec = {}, selectsSidecars: boolean): boolean {
  return ['SIMPLE', 'MUTUAL'].includes(mode) && ca === '' && !(selectsSidecars && credentialName !== '');
}
