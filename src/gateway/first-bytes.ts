import type { Socket } from 'node:net';
import { MAX_HELLO_BYTES, readClientHello } from './client-hello.ts';

/** Records have heads of their own. */
const MAX_BYTES = MAX_HELLO_BYTES + 4096;

/**
 * The name that a caller asks for in its TLS handshake; `''` when it asks for none, or speaks something else. What was read is given
 * back to the socket, which is paused then.
 *
 * @returns `undefined` when the caller left, or says nothing for `timeoutMs` milliseconds
 */
export function serverNameOf(socket: Socket, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let wanted = 1;
    const end = (name: string | undefined): void => {
      clearTimeout(timer);
      socket.off('data', read).off('end', left).off('close', left);
      socket.pause();
      if (size > 0 && !socket.destroyed) socket.unshift(Buffer.concat(chunks));
      resolve(name);
    };
    const left = (): void => end(undefined);
    const read = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < wanted) return;
      const seen = readClientHello(chunks.length === 1 ? chunk : Buffer.concat(chunks));
      if (seen.kind === 'more') wanted = seen.bytes;
      if (seen.kind === 'hello') end(seen.servername ?? '');
      else if (seen.kind === 'other' || size > MAX_BYTES) end('');
    };
    const timer = setTimeout(left, timeoutMs);
    timer.unref();
    socket.on('data', read).on('end', left).on('close', left);
  });
}
