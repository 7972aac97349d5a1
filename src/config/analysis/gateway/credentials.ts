import type { AnalysisContext } from '../analysis-context.ts';
import { firstLabelPath, formatSelector } from '../labels.ts';
import { resolveName } from '../names.ts';

/** Credentials that are not there, or are none, in the namespace of the gateway's pods. Source: istio `SecretAnalyzer`. */
export function gatewayCredentials(context: AnalysisContext): void {
  for (const resource of context.of('Gateway')) {
    const { selector, servers = [] } = resource.spec;
    const [pod] = context.podsWith(selector);
    if (pod === undefined) {
      const message = `Referenced selector not found: ${JSON.stringify(formatSelector(selector))}`;
      context.log.add('IST0101', resource, message, { path: firstLabelPath('spec.selector', selector) });
      continue;
    }
    servers.forEach(({ tls }, index) => {
      const { credentialName = '' } = tls ?? {};
      if (credentialName === '') return;
      const path = `spec.servers[${index}].tls.credentialName`;
      const secret = context.find('Secret', resolveName(credentialName, pod.namespace));
      if (secret === undefined) {
        context.log.add('IST0101', resource, `Referenced credentialName not found: ${JSON.stringify(credentialName)}`, { path });
      } else if (!holdsCertificate(secret.spec.data)) {
        const message = `The credential referenced by the Gateway ${resource.name} in namespace ${pod.namespace} is invalid, which can cause the traffic not to work as expected.`;
        context.log.add('IST0161', resource, message, { path });
      }
    });
  }
}

// In base64, as Secrets hold them, `-----BEGIN CERTIFICATE-----` is this.
const PEM = /^LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t/;

/** A key, and what looks like a certificate; whether it is one, and still valid, is not looked at. */
function holdsCertificate(data: Readonly<Record<string, string>> = {}): boolean {
  const pairs = [['cert', 'key'], ['tls.crt', 'tls.key']] as const;
  const pair = pairs.find(([certificate, key]) => (data[certificate] ?? '') !== '' && (data[key] ?? '') !== '');
  return pair !== undefined && PEM.test((data[pair[0]] ?? '').replaceAll(/\s/g, ''));
}
