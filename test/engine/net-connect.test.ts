import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { netConnect } from '../../src/engine/dial.ts';

async function dialled(lookup: (host: string) => Promise<readonly string[]>, target: { address: string; alternatives?: readonly string[] } = { address: 'some.test' }): Promise<string> {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise<string>((resolve) => {
      netConnect(lookup)({ ...target, port, cluster: 'PassthroughCluster' }, (error, socket) => {
        resolve(error?.message ?? socket?.remoteAddress ?? 'nowhere');
        socket?.destroy();
      });
    });
  } finally {
    server.close();
  }
}

describe('netConnect', () => {
  it('goes where the lookup leads', async () => {
    expect(await dialled(() => Promise.resolve(['127.0.0.1']))).toBe('127.0.0.1');
  });

  it('tries further addresses when nobody listens at the first', async () => {
    expect(await dialled(() => Promise.resolve(['::1', '127.0.0.1']))).toBe('127.0.0.1');
  });

  it('tries the alternatives of an endpoint, without another look-up', async () => {
    const none = (): Promise<never> => Promise.reject(new Error('looked up'));
    expect(await dialled(none, { address: '127.0.0.1', alternatives: ['::1'] })).toBe('127.0.0.1');
    expect(await dialled(none, { address: '::1', alternatives: ['127.0.0.1'] })).toBe('127.0.0.1');
    expect(await dialled(none, { address: '127.0.0.9', alternatives: ['127.0.0.8', '127.0.0.1'] })).toBe('127.0.0.1');
    expect(await dialled(none, { address: '127.0.0.9', alternatives: ['127.0.0.8'] })).toContain('ECONNREFUSED');
  });

  it('fails when there is no address', async () => {
    expect(await dialled(() => Promise.resolve([]))).toBe('some.test has no address');
    expect(await dialled(() => Promise.reject(new Error('no such name')))).toBe('no such name');
  });
});
