import type { Compare, NotYetStep, RequestSpec, RequestStep, Step } from './case-file.ts';
import { Fields } from './fields.ts';

/** Kinds of step and fields of a request that later runners will know. */
const LATER_STEPS = ['tcp', 'tls'];
const LATER_REQUESTS = ['via', 'http2', 'grpc'];

/** One step; what it needs beyond this runner is added to `notYet` too. */
export function readStep(step: Fields, notYet: Set<string>): Step {
  if (step.has('request')) return readRequestStep(step, notYet);
  if (step.has('wait')) return { kind: 'wait', ms: step.durationMs('wait') ?? 0 };
  if (step.has('stats')) {
    return { kind: 'stats', pattern: new RegExp(step.text('stats') ?? ''), compare: step.raw('compare') as Compare | undefined };
  }
  if (step.has('together')) {
    const items = step.list('together').map((entry, i) => {
      const item = new Fields(entry, `together[${i}]`);
      return { afterMs: item.durationMs('after') ?? 0, step: readRequestStep(item, notYet) };
    });
    return { kind: 'together', items };
  }
  return later(LATER_STEPS.find((kind) => step.has(kind)) ?? step.unknown().join(', '), notYet);
}

function readRequestStep(step: Fields, notYet: Set<string>): RequestStep | NotYetStep {
  if (!step.has('request')) return later(LATER_STEPS.find((kind) => step.has(kind)) ?? step.unknown().join(', '), notYet);
  const request = step.fields('request');
  const spec = readRequest(request);
  const unknown = request.unknown();
  if (unknown.length > 0) return later(LATER_REQUESTS.find((name) => unknown.includes(name)) ?? unknown.join(', '), notYet);
  const times = step.number('times');
  return {
    kind: 'request',
    request: spec,
    // One call is observed in full, also where a case says so in so many words.
    times: times === 1 ? undefined : times,
    concurrency: step.number('concurrency') ?? 1,
    compare: step.raw('compare') as Compare | undefined,
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

function later(what: string, notYet: Set<string>): NotYetStep {
  notYet.add(what);
  return { kind: 'not-yet', what };
}
