const LIST = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g;

/**
 * Each certificate revocation list of a PEM text on its own: of a text with several, Node takes the first alone.
 *
 * @param source - as the message names it
 *
 * @throws {Error} when there is none: for Node that would mean to check nobody
 */
export function revocationLists(content: Buffer | string, source: string): string[] {
  const lists = String(content).match(LIST);
  if (lists === null) throw new Error(`${source} has no certificate revocation list in PEM form (-----BEGIN X509 CRL-----)`);
  return lists;
}
