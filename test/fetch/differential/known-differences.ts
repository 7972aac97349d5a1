// The fetch of Node 22 (undici 6): its defects, mended in later versions, where ours does what those do; and what its
// parser says in other words than that of undici 8.
const node22 = {
  'no HTTP at all': 'another message',
  'an invalid header line': 'taken for the end of the body, and not for an error',
  'a bad chunk, later': 'another code',
  '307 of bytes': 'fails with a detached ArrayBuffer',
  'aborted after the head, read later': 'gives an AbortError of its own in place of the reason of the signal',
  'aborted when all has come but nothing was read': 'gives an AbortError of its own in place of the reason of the signal',
};

/** Exchanges that the Node we run on plays differently from later ones: name → what its own fetch does. */
export const olderNode: Readonly<Record<string, string>> = process.versions.undici?.startsWith('6.') ? node22 : {};

const hopByHop = 'a header for one hop, which ends at the mesh as at Envoy';
const answered = 'the mesh answers with 502 or 503, as Envoy does, where fetch rejects';
const head = 'fetch closes the connection after HEAD, the mesh keeps it, as Envoy does';
const listsAll = 'lists every header, also those the mesh adds';

/** Exchanges that a mesh plays as Envoy does, and not as a fetch without one: name → why. */
export const underRules: Readonly<Record<string, string>> = {
  'characters the URL parser escapes': 'the mesh normalizes paths, as Istio does: a bar is escaped too',
  'method HEAD': head,
  'status 200 to HEAD': head,
  'gzip to HEAD': head,
  '303 of a HEAD': head,
  'connection: close': hopByHop,
  'transfer-encoding': hopByHop,
  upgrade: hopByHop,
  'keep-alive': hopByHop,
  expect: hopByHop,
  'the connection closes before an answer': answered,
  'the connection resets before an answer': answered,
  'no HTTP at all': answered,
  'a head cut off': answered,
  'an invalid header line': answered,
  'two content lengths': answered,
  'a switch of protocols nobody asked for': answered,
  inspect: listsAll,
  'header reading': listsAll,
  'headers.forEach': listsAll,
};
