import { addHeader, removeHeader, setHeader } from '../common/headers.ts';
import { isJoinedInResponses, joinLines } from '../common/joined-headers.ts';
import type { HeaderOperations, RequestHead } from './model.ts';
import { type FormatContext, HeaderValue, type ResponseHeaders, type VariableSource } from './variables.ts';

interface Operation {
  readonly name: string;
  readonly value: HeaderValue;
  readonly append: boolean;
}

/**
 * One level of header operations (a rule's, a destination's, or both merged), compiled. In a level all removes come first,
 * then the values are made, then all sets, then all adds. A value that is or comes out empty does nothing.
 *
 * Source: Istio `TranslateHeadersOperations`; Envoy `HeaderParser::evaluateHeaders`.
 */
export class HeaderEvaluator {
  readonly #removes: readonly string[];
  /** Sets, then adds. */
  readonly #operations: readonly Operation[];

  /** @param levels Merged into one: removes of all, then sets of all (the last wins), then adds of all. */
  constructor(levels: readonly HeaderOperations[]) {
    this.#removes = levels.flatMap(({ remove = [] }) => remove).map((name) => name.toLowerCase());
    this.#operations = [
      ...levels.flatMap(({ set = {} }) => compile(set, false)),
      ...levels.flatMap(({ add = {} }) => compile(add, true)),
    ];
  }

  /** Changes `head.headers`. */
  applyToRequest(head: RequestHead, variables: VariableSource): void {
    for (const name of this.#removes) removeHeader(head.headers, name);
    const values = this.#format({ request: head, response: undefined, variables });
    for (const [i, { name, append }] of this.#operations.entries()) {
      const value = values[i]!;
      if (value === '') continue;
      if (append) addHeader(head.headers, name, value);
      else setHeader(head.headers, name, value);
    }
  }

  /** Changes `headers`. `request` is the head as it was sent on. */
  applyToResponse(headers: ResponseHeaders, request: RequestHead, variables: VariableSource): void {
    for (const name of this.#removes) delete headers[name];
    const values = this.#format({ request, response: headers, variables });
    for (const [i, { name, append }] of this.#operations.entries()) {
      const value = values[i]!;
      if (value === '') continue;
      const present = append && Object.hasOwn(headers, name) ? headers[name] : undefined;
      if (present === undefined) headers[name] = value;
      else headers[name] = isJoinedInResponses(name) ? [present, value].flat().reduce(joinLines) : [present, value].flat();
    }
  }

  #format(context: FormatContext): string[] {
    return this.#operations.map(({ value }) => value.format(context));
  }
}

function compile(values: Readonly<Record<string, string | readonly string[]>>, append: boolean): Operation[] {
  return Object.entries(values).flatMap(([name, given]) =>
    [given].flat().map((value) => ({ name: name.toLowerCase(), value: new HeaderValue(value), append })),
  );
}
