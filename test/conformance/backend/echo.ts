import type { Duplex } from 'node:stream';

/** Answers every line with `text`, a space and that line. */
export function serveEcho(socket: Duplex, text: string): void {
  let pending = '';
  socket.on('data', (bytes: Buffer) => {
    const lines = `${pending}${bytes.toString('latin1')}`.split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) socket.write(`${text} ${line}\n`, 'latin1');
  });
}
