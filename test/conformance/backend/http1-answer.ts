import { STATUS_CODES } from 'node:http';
import { answerFields, HINT, type Lines } from './answer-fields.ts';
import type { AnswerItem } from './plan.ts';

/** What an answer depends on besides its plan. */
export interface AnswerTo {
  readonly method: string;
  /** The body when the answer has one. */
  readonly text: string;
}

/** The 1xx head that goes before the answer, if the plan has one. */
export function informationalHead(item: AnswerItem): string {
  const status = item.informational;
  if (status === undefined) return '';
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Informational'}\r\n${HINT.join(': ')}\r\n\r\n`;
}

/** The bytes of an answer, in the parts between which its body delay lies. */
export function answerParts(item: AnswerItem, to: AnswerTo): string[] {
  const { headers, trailers, bodiless } = answerFields(item);
  const body = bodiless ? '' : to.text;
  const head = (framing: string): string => `${statusLine(item.status)}${lines(headers)}${framing}\r\n`;

  if (item.status === 204 || item.status === 304) return [head('')];
  const chunked = trailers.length > 0 || item.bodyDelayMs > 0;
  if (to.method === 'HEAD') return [head(chunked ? 'transfer-encoding: chunked\r\n' : `content-length: ${body.length}\r\n`)];
  if (!chunked) return [`${head(`content-length: ${body.length}\r\n`)}${body}`];
  const end = `0\r\n${lines(trailers)}\r\n`;
  const first = `${head('transfer-encoding: chunked\r\n')}${chunk(body)}`;
  return item.bodyDelayMs > 0 ? [first, `${chunk(body)}${end}`] : [`${first}${end}`];
}

/** 200 and the beginning of a body that never ends. */
export function cutAnswer(text: string): string {
  return `${statusLine(200)}content-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n${chunk(text)}`;
}

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Status'}\r\n`;
}

function lines(pairs: Lines): string {
  return pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

function chunk(text: string): string {
  return text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`;
}
