import type { ServerTlsSpec } from '../../checks/server-tls.ts';
import type { AnalysisContext } from '../analysis-context.ts';
import { selects } from '../labels.ts';
import { fullName, goList } from '../names.ts';

/** One certificate in several gateways of the same pods. Source: istio `CertificateAnalyzer`. */
export function gatewayCertificates(context: AnalysisContext): void {
  const gateways = context.of('Gateway');
  for (const resource of gateways) {
    const { selector, servers = [] } = resource.spec;
    servers.forEach(({ tls }, index) => {
      const certificate = certificateOf(tls);
      if (certificate === undefined) return;
      for (const other of context.each(gateways)) {
        const isAlike = other !== resource && selects(selector, other.spec.selector ?? {});
        if (!isAlike || !other.spec.servers?.some((server) => certificateOf(server.tls) === certificate)) continue;
        const message = `Duplicate certificate in multiple gateways ${goList([fullName(resource), fullName(other)])} may cause 404s if clients re-use HTTP2 connections.`;
        context.log.add('IST0138', resource, message, { path: `spec.servers[${index}].tls`, once: true });
      }
    });
  }
}

/** What tells a certificate from others; servers without one have nothing in common. */
function certificateOf({ credentialName = '', serverCertificate = '', privateKey = '' }: ServerTlsSpec = {}): string | undefined {
  if (credentialName === '' && (serverCertificate === '' || privateKey === '')) return undefined;
  return JSON.stringify([credentialName, serverCertificate, privateKey]);
}
