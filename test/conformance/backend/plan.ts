/** What a server does with one arrival. */
export type PlanItem = AnswerItem | { readonly kind: BreakKind; readonly delayMs: number };

/**
 * `reset`: RST before a response. `close`: orderly close before a response. `hang`: never answers. `cut`: 200, a part of the
 * body, then the connection closes. `garbage`: bytes that are not HTTP. `refused`: an HTTP/2 stream refused.
 */
export type BreakKind = 'reset' | 'close' | 'hang' | 'cut' | 'garbage' | 'refused';

export interface AnswerItem {
  readonly kind: 'answer';
  readonly status: number;
  /** A 1xx status sent before. */
  readonly informational?: number;
  /** Before anything is sent. */
  readonly delayMs: number;
  /** Between the first part of the body and the rest; 0: the body in one piece. */
  readonly bodyDelayMs: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly trailers: readonly (readonly [string, string])[];
  /** `grpcCODE` and `grpcCODE!`: a gRPC answer, its status in the trailers or (`!`) in the headers alone. */
  readonly grpc?: { readonly code: number; readonly headersOnly: boolean };
}

/** The lists of a plan: for single endpoints, for mirrored copies, and for everything else. */
export interface Plan {
  readonly others: readonly PlanItem[];
  /** By `ip:port` or bare `ip`. */
  readonly endpoints: ReadonlyMap<string, readonly PlanItem[]>;
  /** Absent: a copy is answered with 200. */
  readonly mirror?: readonly PlanItem[];
}

/** What a server does when no plan says otherwise. */
export const OK: AnswerItem = Object.freeze({ kind: 'answer', status: 200, delayMs: 0, bodyDelayMs: 0, headers: [], trailers: [] });

/** What it does then with a gRPC call over HTTP/2. */
export const GRPC_OK: AnswerItem = Object.freeze({ ...OK, grpc: { code: 0, headersOnly: false } });

const ITEM = /^(?:(1\d\d)>)?(\d{3}|grpc\d+!?|reset|close|hang|cut|garbage|refused)(?:\+(\d+)ms)?(?:~(\d+)ms)?(?:\{([^}]*)\})?(?:\[([^\]]*)\])?$/;

/** @throws when `text` is not in the plan language. */
export function parsePlan(text: string): Plan {
  const endpoints = new Map<string, readonly PlanItem[]>();
  let others: readonly PlanItem[] = [OK];
  let mirror: readonly PlanItem[] | undefined;
  for (const list of splitOutsideBraces(text, '|')) {
    const target = /^(mirror|[\d.]+(?::\d+)?|\[[0-9a-f:]+\](?::\d+)?)=(.*)$/s.exec(list);
    const items = splitOutsideBraces(target?.[2] ?? list, ',').map(parseItem);
    if (target === null) others = items;
    else if (target[1] === 'mirror') mirror = items;
    else endpoints.set(target[1]!, items);
  }
  return { others, endpoints, mirror };
}

function parseItem(text: string): PlanItem {
  const match = ITEM.exec(text.trim());
  if (match === null) throw new Error(`not an item of a plan: ${JSON.stringify(text)}`);
  const [, informational, what = '', delay = '0', bodyDelay = '0', headers = '', trailers = ''] = match;
  const delayMs = Number(delay);
  if (!/^(\d|grpc)/.test(what)) return { kind: what as BreakKind, delayMs };
  const code = /^grpc(\d+)(!?)$/.exec(what);
  return {
    kind: 'answer',
    status: code === null ? Number(what) : 200,
    informational: informational === undefined ? undefined : Number(informational),
    delayMs,
    bodyDelayMs: Number(bodyDelay),
    headers: parsePairs(headers),
    trailers: parsePairs(trailers),
    grpc: code === null ? undefined : { code: Number(code[1]), headersOnly: code[2] === '!' },
  };
}

function parsePairs(text: string): [string, string][] {
  return text
    .split(';')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    });
}

// Header values may hold commas and bars, so only those outside braces and brackets part the items. A bracket after `=` at
// the start of a list is an IPv6 address; it holds neither.
function splitOutsideBraces(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    else if (char === separator && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, text.slice(from)];
}
