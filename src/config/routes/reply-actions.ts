import type { RouteAction } from '../../route/model.ts';
import type { HttpRouteSpec } from '../istio-types.ts';

/** Source: `http[].redirect`. */
export function redirectAction(spec: NonNullable<HttpRouteSpec['redirect']>): RouteAction {
  const { uri, prefixRewrite, authority, scheme, port, derivePort, redirectCode } = spec;
  return {
    kind: 'redirect',
    redirect: {
      ...(uri && { uri }),
      ...(prefixRewrite && { prefixRewrite }),
      ...(authority && { authority }),
      ...(scheme && { scheme }),
      ...(port !== undefined && port !== 0 && { port }),
      ...((derivePort === 'FROM_REQUEST_PORT' || derivePort === 'FROM_PROTOCOL_DEFAULT') && { derivePort }),
      ...(redirectCode !== undefined && redirectCode !== 0 && { redirectCode }),
    },
  };
}

/** Source: `http[].directResponse`. */
export function directAction({ status, body }: NonNullable<HttpRouteSpec['directResponse']>): RouteAction {
  if (body?.bytes !== undefined) return { kind: 'direct', status, body: decodeBase64(body.bytes) };
  return body?.string === undefined ? { kind: 'direct', status } : { kind: 'direct', status, body: body.string };
}

/** Both alphabets, padding optional, as protobuf's JSON takes bytes. What is not base64 after all gives no bytes. */
function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
