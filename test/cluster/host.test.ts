import { describe, expect, it } from 'vitest';
import { Host, hostKey } from '../../src/cluster/host.ts';
import { endpoint } from './support.ts';

describe('hostKey', () => {
  it.each([
    ['127.0.0.1', 80, '127.0.0.1:80'],
    ['::1', 8080, '[::1]:8080'],
    ['[::1]', 8080, '[::1]:8080'],
    ['reviews.example.com', 443, 'reviews.example.com:443'],
    ['/run/app.sock', 0, '/run/app.sock'],
    ['unix:/run/app.sock', 0, 'unix:/run/app.sock'],
  ])('%s and %d are %s', (address, port, key) => {
    expect(hostKey({ address, port })).toBe(key);
  });
});

describe('Host', () => {
  it('starts in service, without requests or connections', () => {
    const host = new Host(endpoint(1), 5);

    expect(host).toMatchObject({ key: '10.0.0.1:80', ejected: false, activeRequests: 0, connections: 0, addedAt: 5 });
  });
});
