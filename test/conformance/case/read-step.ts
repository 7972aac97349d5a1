import type { CallStep, Compare, RequestSpec, Step, TcpSpec } from './case-file.ts';
import { Fields } from './fields.ts';

/** Kinds of step, and fields of one, that later runners will know. */
const LATER_STEPS = ['tls'];
const LATER_FIELDS = ['via', 'http2', 'grpc'];

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
  const kind = (['request', 'tcp'] as const).find((one) => step.has(one));
  if (kind === undefined) return later(LATER_STEPS.find((one) => step.has(one)) ?? step.unknown().join(', '), notYet);
  const fields = step.fields(kind);
  const call = kind === 'request' ? { kind, request: readRequest(fields) } : { kind, tcp: readTcp(fields) };
  const unknown = fields.unknown();
  if (unknown.length > 0) return later(LATER_FIELDS.find((name) => unknown.includes(name)) ?? unknown.join(', '), notYet);
  const times = step.number('times');
  return {
    ...call,
    // One call is observed in full, also where a case says so in so many words.
    times: times === 1 ? undefined : times,
    concurrency: step.number('concurrency') ?? 1,
    compare: compareOf(step),
  };
}

function readRequest(request: Fields): RequestSpec {
  return {
    url: request.text('url') ?? '',
    method: request.text('method') ?? 'GET',
    headers: (request.raw('headers') ?? {}) as Record<string, string>,
    body: request.text('body'),
    bodyBytes: request.number('bodyBytes'),
    bodyDelayMs: request.durationMs('bodyDelay'),
    plan: request.text('plan'),
    rawPath: request.text('rawPath'),
    cookies: request.flag('cookies'),
    from: request.text('from'),
    dst: request.text('dst'),
    timeoutMs: request.number('timeoutMs'),
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
  };
}

function compareOf(step: Fields): Compare | undefined {
  return step.raw('compare') as Compare | undefined;
}

function later(what: string, notYet: Set<string>): CallStep {
  notYet.add(what);
  return { kind: 'not-yet', what };
}
