/**
 * `node:http`, without what an import of it costs. The import of a built-in module reads all that it exports; one of the exports of this
 * is `WebSocket`, and to read that loads the whole of Node's own undici, a fifth of the time that this package takes to load.
 */
export const { maxHeaderSize, request, STATUS_CODES } = process.getBuiltinModule('node:http');
