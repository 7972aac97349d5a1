import { MeshError } from '../common/errors.ts';
import { KINDS, type KindInfo } from './kinds.ts';
import { suggest } from './schema/suggestion.ts';

/** Which resources are meant: all of a kind, or one by its name. */
export interface ResourceReference {
  readonly kind: string;
  readonly name?: string;
  readonly namespace?: string;
}

const NAMESPACE_FLAG = /\s(?:-n|--namespace)[\s=]+(\S+)$/;

/**
 * Reads `VirtualService`, `vs/reviews`, `VirtualService default/reviews`, `virtualservice.networking.istio.io/reviews` or
 * `vs/reviews -n shop`. Kinds are told as for kubectl: any case, plural, short names.
 *
 * @throws {MeshError} `ERR_INVALID_ARGUMENT` when the kind is not one that is read.
 */
export function parseReference(text: string): ResourceReference {
  const flag = NAMESPACE_FLAG.exec(text);
  const rest = (flag === null ? text : text.slice(0, flag.index)).trim();
  const [kindText = '', ...names] = rest.split(/[\s/]+/);
  const { kind } = resolveKind(kindText, text);
  if (names.length > 2) throw badReference(text, 'too many parts');
  const name = names.at(-1);
  const namespace = flag?.[1] ?? (names.length === 2 ? names[0] : undefined);
  return { kind, ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) };
}

function resolveKind(written: string, whole: string): KindInfo {
  const lower = written.toLowerCase();
  const found = KINDS.find((info) => {
    const names = [info.kind.toLowerCase(), ...info.aliases];
    return names.includes(lower) || (info.group !== '' && names.some((name) => `${name}.${info.group}` === lower));
  });
  if (found !== undefined) return found;
  const meant = suggest(
    written,
    KINDS.map(({ kind }) => kind),
  );
  throw badReference(
    whole,
    meant === undefined ? `the kinds are ${KINDS.map(({ kind }) => kind).join(', ')}` : `did you mean ${meant}?`,
  );
}

function badReference(text: string, why: string): MeshError {
  return new MeshError(
    'ERR_INVALID_ARGUMENT',
    `${JSON.stringify(text)} names no resource: write KIND or KIND/NAME; ${why}`,
  );
}
