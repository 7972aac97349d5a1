import type { ClientTlsSpec } from '../istio-types.ts';
import type { Cursor } from './cursor.ts';
import { warnUnobeyed } from './unobeyed.ts';

const CONFIG_MAP = 'configmap://';

/** Source: istio `ValidateTLS`. */
export function checkClientTls(tls: ClientTlsSpec, at: Cursor): void {
  const {
    mode = 'DISABLE',
    credentialName = '',
    caCertificates = '',
    clientCertificate = '',
    privateKey = '',
    caCrl = '',
  } = tls;
  const verified = mode === 'SIMPLE' || mode === 'MUTUAL';
  if (credentialName.startsWith(CONFIG_MAP)) checkConfigMap(credentialName, at.to('credentialName'));
  if (tls.insecureSkipVerify === true && verified) {
    const checkers = [
      caCertificates !== '' && 'caCertificates',
      mode === 'SIMPLE' && credentialName !== '' && 'credentialName',
      tls.subjectAltNames !== undefined && 'subjectAltNames',
    ];
    const given = checkers.filter((name) => name !== false);
    if (given.length > 0) at.to('insecureSkipVerify').conflict(`must not be true together with ${given.join(', ')}`);
  }
  if (tls.insecureSkipVerify === true && verified && caCrl !== '') {
    at.onApply?.to('insecureSkipVerify').conflict('must not be true together with caCrl, by which nobody would be checked then');
  }
  if (mode !== 'DISABLE') warnUnobeyed({ credentialName }, { credentialName: notFetched(credentialName) }, at);
  if (verified && credentialName !== '') {
    if (`${clientCertificate}${caCertificates}${privateKey}${caCrl}` !== '') {
      at.to('credentialName').conflict('must not be there together with certificate files');
    }
    return;
  }
  if (mode !== 'MUTUAL') return;
  if (clientCertificate === '') at.required('needs a clientCertificate for mode MUTUAL');
  if (privateKey === '') at.required('needs a privateKey for mode MUTUAL');
}

function notFetched(credentialName: string): string {
  const roots = 'the roots of the system count';
  if (credentialName.startsWith(CONFIG_MAP)) return `${roots}, as ConfigMaps are not fetched; name a file as caCertificates`;
  const files = 'Secrets are not fetched; name files as caCertificates, clientCertificate and privateKey';
  return `without a workloadSelector calls go in the clear, as from a sidecar; with one ${roots}: ${files}`;
}

function checkConfigMap(credentialName: string, at: Cursor): void {
  const [name = '', ...rest] = credentialName.slice(CONFIG_MAP.length).split('/');
  const namespace = rest.length === 0 ? at.context.namespace : name;
  if (name === '' || rest.length > 1 || rest[0] === '') {
    at.invalid('must be configmap://NAME or configmap://NAMESPACE/NAME');
  } else if (namespace !== at.context.namespace) {
    at.invalid(`must be in the namespace of the rule, ${at.context.namespace}`);
  }
}
