import { checkGateway } from '../checks/gateway.ts';
import { checkServerTls } from '../checks/server-tls.ts';
import { bool, enumOf, list, message, text, type Field } from './field.ts';
import { port, textList, textMap } from './shared.ts';

const protocolVersion = enumOf('TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3');

/** Also the TLS settings of a Sidecar's ingress. */
export const serverTls: Field = message(
  'ServerTLSSettings',
  {
    httpsRedirect: bool,
    mode: enumOf('PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'),
    serverCertificate: text,
    privateKey: text,
    caCertificates: text,
    caCrl: text,
    credentialName: text,
    credentialNames: textList,
    tlsCertificates: list(
      message('TLSCertificate', { serverCertificate: text, privateKey: text, caCertificates: text }),
    ),
    caCertCredentialName: text,
    subjectAltNames: textList,
    verifyCertificateSpki: textList,
    verifyCertificateHash: textList,
    minProtocolVersion: protocolVersion,
    maxProtocolVersion: protocolVersion,
    cipherSuites: textList,
  },
  checkServerTls,
);

/** Source: istio/api networking/v1alpha3/gateway.proto. */
export const gateway: Field = message(
  'Gateway',
  {
    servers: list(
      message('Server', { port, bind: text, hosts: textList, tls: serverTls, defaultEndpoint: text, name: text }),
    ),
    selector: textMap,
  },
  checkGateway,
);
