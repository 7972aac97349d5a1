/** Source: MeshConfig `pathNormalization.normalization`; Istio's `DEFAULT` is `BASE`. */
export type PathNormalization = 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';

/**
 * `path` as routing and the upstream see it, or `undefined` when it cannot be brought into that form, which is answered 400
 * (`path_normalization_failed`) before any routing. A path with a fragment cannot, in any mode. The query stays as it is.
 *
 * `BASE` resolves dot segments, decodes escapes of unreserved characters, turns `\` into `/` and escapes what may not stand
 * in a path. `MERGE_SLASHES` also merges repeated slashes, `DECODE_AND_MERGE_SLASHES` decodes `%2F` and `%5C` before all that.
 *
 * Source: Istio `buildHTTPConnectionManager`; Envoy `ConnectionManagerUtility::maybeNormalizePath`, `PathUtil`.
 */
export function normalizePath(path: string, mode: PathNormalization): string | undefined {
  if (path.includes('#')) return undefined;
  if (mode === 'NONE') return path;
  const query = path.indexOf('?');
  const given = query === -1 ? path : path.slice(0, query);
  let plain: string | undefined = mode === 'DECODE_AND_MERGE_SLASHES' ? decodeSlashes(given) : given;
  if (!isCanonical(plain)) plain = canonicalize(plain);
  if (plain === undefined) return undefined;
  if (mode !== 'BASE') plain = mergeSlashes(plain);
  if (plain === given) return path;
  return query === -1 ? plain : plain + path.slice(query);
}

const COPY = 0;
/** Unreserved in RFC 3986: stands for itself, and its escape is decoded. The dot has its own rules. */
const UNRESERVED = 1;
const SPECIAL = 2;

const KIND = new Uint8Array(256).fill(SPECIAL);
for (const char of "!$&'()*+,/:;=@[]") KIND[char.charCodeAt(0)] = COPY;
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~') {
  KIND[char.charCodeAt(0)] = UNRESERVED;
}

const PERCENT = 37;
const DOT = 46;
const SLASH = 47;
const BACKSLASH = 92;
const HEX_PAIR = /^[0-9a-fA-F]{2}$/;

// What nearly every path is: nothing to do, and found out without allocating.
function isCanonical(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) return false;
  for (let i = 1; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === DOT) {
      if (path.charCodeAt(i - 1) === SLASH) return false;
    } else if (code > 255 || KIND[code] === SPECIAL) {
      return false;
    }
  }
  return true;
}

/** What follows a dot segment after a semicolon, up to the next slash: some servers leave it out, and would see `..` in `..;x`. */
const DOT_PARAMETERS = /(?<=\/\.\.?);[^/]*/g;

// Envoy canonicalizes with Chromium's URL library of before 2024; this follows its rules, not the URL standard's.
function canonicalize(given: string): string | undefined {
  const path = given.replaceAll(DOT_PARAMETERS, '').toWellFormed().replaceAll(/[^\0-\xff]+/gu, encodeURIComponent);
  /** Finished segments, each with the slash after it; the first is the root. One text of all would be copied again and again. */
  const segments = path.startsWith('/') || path.startsWith('\\') ? [] : ['/'];
  let segment = '';
  /** Where in `segment` the last percent sign is that begins no escape. */
  let stray = -1;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    const dot = dotLength(path, i);
    if (dot > 0) {
      const special = segment === '' ? dotSegment(path, i + dot) : undefined;
      if (special?.isParent && segments.length > 1) segments.pop();
      if (special === undefined) segment += '.';
      i = (special?.end ?? i + dot) - 1;
    } else if (code === SLASH || code === BACKSLASH) {
      segments.push(`${segment}/`);
      segment = '';
      stray = -1;
    } else if (code === PERCENT) {
      const decoded = decodedByte(path, i);
      if (decoded === undefined) {
        stray = segment.length;
        segment += '%';
        continue;
      }
      if (decoded === 0) return undefined;
      i += 2;
      if (KIND[decoded] === UNRESERVED) {
        const char = String.fromCharCode(decoded);
        if (stray >= 0 && makesEscape(segment.slice(stray + 1) + char, path[i + 1])) {
          segment = `${segment.slice(0, stray)}%25${segment.slice(stray + 1)}`;
          stray = -1;
        }
        segment += char;
      } else {
        segment += path.slice(i - 2, i + 1);
      }
    } else if (code === 0) {
      return undefined;
    } else {
      segment += KIND[code] === SPECIAL ? escaped(code) : path[i]!;
    }
  }
  return segments.join('') + segment;
}

/** Whether a stray percent sign, now followed by `text` and then `next`, would be read as an escape: `%%34%31` is no `%41`. */
function makesEscape(text: string, next: string | undefined): boolean {
  return HEX_PAIR.test(text.length === 1 ? text + (next ?? '') : text);
}

/** Length of a dot at `at`, plain or as `%2e`; 0 when there is none. */
function dotLength(path: string, at: number): number {
  if (path.charCodeAt(at) === DOT) return 1;
  return path.charCodeAt(at) === PERCENT && decodedByte(path, at) === DOT ? 3 : 0;
}

/** What a slash and a dot that ends at `after` begin: `.` or `..`, and where the next segment starts; or a mere name. */
function dotSegment(path: string, after: number): { readonly isParent: boolean; readonly end: number } | undefined {
  if (after === path.length) return { isParent: false, end: after };
  if (isSlash(path, after)) return { isParent: false, end: after + 1 };
  // Without a second dot this is `after`, of which both have just been ruled out.
  const end = after + dotLength(path, after);
  if (end === path.length) return { isParent: true, end };
  return isSlash(path, end) ? { isParent: true, end: end + 1 } : undefined;
}

function isSlash(path: string, at: number): boolean {
  const code = path.charCodeAt(at);
  return code === SLASH || code === BACKSLASH;
}

function decodedByte(path: string, at: number): number | undefined {
  const hex = path.slice(at + 1, at + 3);
  return /[0-9a-fA-F]{2}/.test(hex) ? Number.parseInt(hex, 16) : undefined;
}

function escaped(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function decodeSlashes(path: string): string {
  return path.replaceAll(/%2f/gi, '/').replaceAll(/%5c/gi, '\\');
}

// As Envoy joins it: what stands at the ends counts by itself, so that `//` alone stays. `path` is canonical.
function mergeSlashes(path: string): string {
  if (!path.includes('//')) return path;
  const end = path.endsWith('/') ? '/' : '';
  return '/' + path.split('/').filter((segment) => segment !== '').join('/') + end;
}
