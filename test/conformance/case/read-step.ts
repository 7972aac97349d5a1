import { isIP } from 'node:net';
import type { CallStep, Compare, RequestSpec, RequestStep, Step, TcpSpec, TcpStep, TlsSpec, TlsStep } from './case-file.ts';
import { Fields } from './fields.ts';

/** One step; what it needs beyond this runner is added to `notYet` too. */
export function readStep(step: Fields, notYet: Set<string>): Step {
  if (step.has('wait')) return { kind: 'wait', ms: step.durationMs('wait') ?? 0 };
  if (step.has('stats')) {
    return { kind: 'stats', pattern: new RegExp(step.text('stats') ?? ''), compare: compareOf(step) };
  }
  if (step.has('together')) {
    const items = step.list('together').map((entry, i) => {
      const item = new Fields(entry, `together[${i}]`);
      return { afterMs: item.durationMs('after') ?? 0, step: readCallStep(item, notYet) };
    });
    return { kind: 'together', items };
  }
  return readCallStep(step, notYet);
}

function readCallStep(step: Fields, notYet: Set<string>): CallStep {
  const kind = (['request', 'tcp', 'tls'] as const).find((one) => step.has(one));
  if (kind === undefined) return later(step.unknown().join(', '), notYet);
  const fields = step.fields(kind);
  const call = readCall(kind, fields);
  const unknown = fields.unknown();
  if (unknown.length > 0) return later(unknown.join(', '), notYet);
  // Callers of gateways speak HTTP/1.1.
  if (call.kind === 'request' && call.request.via !== undefined && call.request.http2) return later('via with http2', notYet);
  const times = step.number('times');
  return {
    ...call,
    // One call is observed in full, also where a case says so in so many words.
    times: times === 1 ? undefined : times,
    concurrency: step.number('concurrency') ?? 1,
    compare: compareOf(step),
  };
}

type Called = Pick<RequestStep, 'kind' | 'request'> | Pick<TcpStep, 'kind' | 'tcp'> | Pick<TlsStep, 'kind' | 'tls'>;

function readCall(kind: Called['kind'], fields: Fields): Called {
  switch (kind) {
    case 'request':
      return { kind, request: readRequest(fields) };
    case 'tcp':
      return { kind, tcp: readTcp(fields) };
    case 'tls':
      return { kind, tls: readTls(fields) };
  }
}

function readRequest(request: Fields): RequestSpec {
  const grpc = request.flag('grpc');
  return {
    url: request.text('url') ?? '',
    method: request.text('method') ?? (grpc ? 'POST' : 'GET'),
    headers: (request.raw('headers') ?? {}) as Record<string, string>,
    body: request.text('body'),
    bodyBytes: request.number('bodyBytes'),
    bodyDelayMs: request.durationMs('bodyDelay'),
    plan: request.text('plan'),
    rawPath: request.text('rawPath'),
    http2: request.flag('http2') || grpc,
    grpc,
    cookies: request.flag('cookies'),
    from: request.text('from'),
    dst: request.text('dst'),
    timeoutMs: request.number('timeoutMs'),
    via: request.text('via'),
  };
}

function readTcp(tcp: Fields): TcpSpec {
  return {
    host: tcp.text('host') ?? '',
    port: tcp.number('port') ?? 0,
    send: tcp.text('send'),
    holdMs: tcp.durationMs('hold'),
    sendAfterMs: tcp.durationMs('sendAfter'),
    timed: tcp.flag('timed'),
    via: tcp.text('via'),
  };
}

function readTls(tls: Fields): TlsSpec {
  const host = tls.text('host') ?? '';
  return {
    host,
    port: tls.number('port') ?? 443,
    // An address is no server name.
    sni: tls.text('sni') ?? (isIP(host) ? '' : host),
    path: tls.text('path') ?? '/',
    cert: tls.text('cert'),
    via: tls.text('via'),
  };
}

function compareOf(step: Fields): Compare | undefined {
  return step.raw('compare') as Compare | undefined;
}

function later(what: string, notYet: Set<string>): CallStep {
  notYet.add(what);
  return { kind: 'not-yet', what };
}
