import { Composer, Lexer, Parser, type CST, type Document } from 'yaml';
import { MAX_SYNTAX_ISSUES, MAX_SYNTAX_ISSUES_IN_TEXT, MAX_TOKENS } from './limits.ts';

// Scalars are resolved by our own rules, and keys compared by our own set: the library's way is quadratic in the keys.
const OPTIONS = { schema: 'failsafe', uniqueKeys: false, resolveKnownTags: false, keepSourceTokens: false } as const;

/** The one place where the library notes a problem; private there. Without it, problems are only more costly. */
interface Reporting {
  onError?: (...problem: readonly unknown[]) => void;
}

/**
 * The documents of a YAML text, one after another. A text that is made to cost memory is given up: the library keeps some
 * hundred bytes for each token, and an error with a stack trace for each problem.
 */
export class YamlComposer {
  /** Where reading was given up and why, once all documents have been taken. */
  givenUp: { readonly offset: number; readonly because: string } | undefined;
  readonly #text: string;
  readonly #parser = new Parser();
  readonly #composer = new Composer(OPTIONS);
  /** Problems that are still noted of the part being composed; those after them are echoes. */
  #leftOfPart = 0;
  #left = MAX_SYNTAX_ISSUES_IN_TEXT;

  constructor(text: string) {
    this.#text = text;
    const reporting = this.#composer as unknown as Reporting;
    const report = reporting.onError;
    if (report === undefined) return;
    reporting.onError = (...problem) => {
      const [, , , isWarning] = problem;
      // Nobody reads warnings (of unknown tags, mostly); they must not take the place of mistakes.
      if (isWarning === true || this.#leftOfPart-- <= 0) return;
      this.#left -= 1;
      report(...problem);
    };
  }

  *documents(): Generator<Document.Parsed> {
    for (const part of this.#parts()) {
      this.#leftOfPart = MAX_SYNTAX_ISSUES;
      // What belongs to no document; these are not reported but noted at once.
      if (part.type === 'error') this.#left -= 1;
      yield* this.#composer.next(part);
      if (this.#left <= 0) {
        this.#giveUp('there are too many problems');
        break;
      }
    }
    yield* this.#composer.end();
  }

  *#parts(): Generator<CST.Token> {
    let left = MAX_TOKENS;
    for (const token of new Lexer().lex(this.#text)) {
      if (left-- === 0) {
        this.#giveUp(`a text must not have more than ${MAX_TOKENS} words, marks and line breaks`);
        return;
      }
      yield* this.#parser.next(token);
    }
    yield* this.#parser.end();
  }

  #giveUp(because: string): void {
    this.givenUp = { offset: this.#parser.offset, because };
  }
}
