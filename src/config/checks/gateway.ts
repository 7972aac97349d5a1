import type { GatewaySpec } from '../istio-types.ts';
import { isIpAddress, unixPathProblem } from './addresses.ts';
import type { Cursor } from './cursor.ts';
import { checkGatewayCallers } from './gateway-callers.ts';
import { checkGatewayHost } from './scoped-hosts.ts';
import { isDnsLabel } from './names.ts';
import { checkPort, isHttpProtocol, isKnownProtocol, isTlsProtocol } from './primitives.ts';
import type { ServerTlsSpec } from './server-tls.ts';
import { warnUnobeyed } from './unobeyed.ts';

const UNIX = 'unix://';

type Server = Omit<NonNullable<GatewaySpec['servers']>[number], 'tls'> & { tls?: ServerTlsSpec };
type Port = NonNullable<Server['port']>;

/** Source: istio `ValidateGateway`. */
export function checkGateway(spec: GatewaySpec, at: Cursor): void {
  const { name } = at.context;
  // Without a name nothing can be applied, which is told there.
  if (!isDnsLabel(name) && (name !== '' || at.onApply === undefined)) {
    at.error('ERR_INVALID_VALUE', `of the Gateway ${JSON.stringify(name)}: its name must be a DNS label, without dots`);
  }
  const servers = (spec.servers ?? []) as Server[];
  if (servers.length === 0) at.required('needs at least one server');
  const names = new Set<string>();
  servers.forEach((server, index) => {
    const place = at.to('servers', index);
    checkServer(server, place);
    if (server.port === undefined) return;
    const { name: portName = '', protocol = '' } = server.port;
    if (names.has(portName)) {
      place.to('port', 'name').duplicate(`${JSON.stringify(portName)} is also the name of another server's port`);
    }
    names.add(portName);
    if (server.tls?.httpsRedirect === true && !isHttpProtocol(protocol)) {
      place.to('tls', 'httpsRedirect').warn('WARN_NO_EFFECT', 'has an effect on HTTP servers only');
    }
  });
}

function checkServer(server: Server, at: Cursor): void {
  const { hosts = [], bind = '', port, tls } = server as Partial<Server>;
  if (hosts.length === 0) at.required('needs at least one host', 'write hosts: ["*"] for any');
  hosts.forEach((host, index) => checkGatewayHost(host, at.to('hosts', index)));
  checkBind(bind, port, at);
  warnUnobeyed(server, { defaultEndpoint: 'calls go where VirtualServices send them' }, at);
  if (port === undefined) {
    at.required('needs a port');
    return;
  }
  if (tls !== undefined && at.onApply !== undefined) checkGatewayCallers(tls, at.to('tls'));
  const isSound = checkServerPort(port, bind, at.to('port'));
  const { protocol = '' } = port;
  if (!isSound) return;
  if (isTlsProtocol(protocol)) {
    if (tls === undefined) at.required(`needs tls settings, since its protocol is ${protocol}`, 'add tls with a mode');
  } else if (tls !== undefined) {
    checkTlsOnPlain(tls, protocol, at.to('tls'));
  }
}

/** On a plain HTTP port `tls` can only ask for the redirect to https. */
function checkTlsOnPlain(tls: ServerTlsSpec, protocol: string, at: Cursor): void {
  const { mode = 'PASSTHROUGH', caCertificates = '', privateKey = '', serverCertificate = '' } = tls;
  const harmless = mode.endsWith('PASSTHROUGH') && `${caCertificates}${privateKey}${serverCertificate}` === '';
  if (!isHttpProtocol(protocol) || !harmless) {
    at.conflict(`must be left out, since the protocol is ${protocol}`, 'use protocol HTTPS or TLS');
  }
}

/** Gives whether nothing is wrong with the port; only then Istio looks at the TLS settings beside it. */
function checkServerPort(port: Port, bind: string, at: Cursor): boolean {
  const { protocol = '', number = 0, name = '', targetPort = 0 } = port as Partial<Port>;
  const isKnown = isKnownProtocol(protocol);
  const needsNumber = number > 0 || !bind.startsWith(UNIX);
  if (!isKnown) {
    at.to('protocol').invalid('must be one of HTTP, HTTP2, HTTPS, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS, MYSQL');
  }
  const isInRange = !needsNumber || checkPort(number, at.to('number'));
  if (targetPort > 0) at.to('targetPort').conflict('has no meaning in a Gateway', 'remove it');
  if (name === '') at.required('needs a name', 'name it after its protocol, such as http');
  return isKnown && isInRange && targetPort === 0 && name !== '';
}

function checkBind(bind: string, port: Port | undefined, at: Cursor): void {
  if (bind.startsWith(UNIX)) {
    const problem = unixPathProblem(bind.slice(UNIX.length));
    if (problem !== undefined) at.to('bind').invalid(problem);
    if ((port?.number ?? 0) !== 0) at.to('port', 'number').invalid('must be 0 for a Unix socket');
  } else if (bind !== '' && !isIpAddress(bind)) {
    at.to('bind').invalid('must be an IP address or unix://PATH');
  }
}
