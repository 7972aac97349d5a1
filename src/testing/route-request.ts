import { MeshError } from '../common/errors.ts';
import { isCalled, noSuchService, parseServiceName, serviceClusters } from './service-names.ts';
import type { TestMesh } from './test-mesh.ts';

/** A request that is asked about, or made, in short. */
export interface RouteRequest {
  /** The whole URL. Default: made of `service`, `port` and `path`. */
  readonly url?: string | URL;
  /** Which service is called. Default: the one that is expected. */
  readonly service?: string;
  /** Default: the first port of the service that speaks HTTP. */
  readonly port?: number;
  /** With its query. Default `/`. */
  readonly path?: string;
  /** Default `GET`. */
  readonly method?: string;
  /** Those that are `undefined` are none. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** {@link RouteRequest}, or its URL, or only its path. */
export type RouteRequestInput = RouteRequest | string | URL;

/** A {@link RouteRequest} as doors take it. */
export interface PlainRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * @param expected - what is called where the request does not say
 * @throws {MeshError} `ERR_INVALID_ARGUMENT` where it is not clear what is called
 */
export function plainRequest(mesh: TestMesh, input: RouteRequestInput, expected?: string): PlainRequest {
  const request: RouteRequest = typeof input === 'string' || input instanceof URL ? (String(input).startsWith('/') ? { path: String(input) } : { url: input }) : input;
  const { method = 'GET', path = '/', url } = request;
  const headers = Object.fromEntries(Object.entries(request.headers ?? {}).filter((line): line is [string, string] => line[1] !== undefined));
  if (url !== undefined) return { url: String(url), method, headers };
  const service = request.service ?? (expected === undefined ? undefined : parseServiceName(expected).service);
  if (service === undefined) throw new MeshError('ERR_INVALID_ARGUMENT', 'the request says neither `url` nor `service`');
  return { url: `http://${service}:${request.port ?? httpPort(mesh, service)}${path}`, method, headers };
}

function httpPort({ snapshot, namespace }: TestMesh, service: string): number {
  const ports = serviceClusters(snapshot).filter(({ host }) => isCalled(host, service, namespace)).map(({ port }) => port);
  if (ports.length === 0) throw new MeshError('ERR_INVALID_ARGUMENT', noSuchService(snapshot, service, namespace));
  return ports.find((port) => snapshot.routes.hasPort(port)) ?? ports[0]!;
}
