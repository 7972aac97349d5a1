import { isAnswer, type CallKind } from '../answer.ts';
import { direct, type Contestant } from './contestant.ts';
import { readFetched } from './reading.ts';

/** The clients that people use, with the defaults that they come with. */
export const CLIENTS: Readonly<Record<string, Contestant>> = {
  axios: direct(async () => {
    const { default: axios } = await import('axios');
    return (url, kind) => {
      assertText(kind);
      return async () => {
        const { status, headers, data } = await axios.get<string>(url, { responseType: 'text' });
        return isAnswer(kind, status, headers['content-type'], data.length);
      };
    };
  }),
  got: direct(async () => {
    const { default: got } = await import('got');
    return (url, kind) => {
      assertText(kind);
      return async () => {
        const { statusCode, headers, body } = await got(url);
        return isAnswer(kind, statusCode, headers['content-type'], body.length);
      };
    };
  }),
  ky: direct(async () => {
    const { default: ky } = await import('ky');
    return (url, kind) => async () => readFetched(await ky(url), kind);
  }),
};

function assertText({ read }: CallKind): void {
  if (read !== 'text') throw new Error(`no contestant here reads as ${read}`);
}
