import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const INDEX = new URL('../../src/index.ts', import.meta.url).href;

/** Starts `script` in a process of its own, where `calls(settings, options)` makes three calls to a service without endpoints. */
function start(script: string): ChildProcessWithoutNullStreams {
  const program = `
    import { createMesh } from ${JSON.stringify(INDEX)};
    const make = (settings, options) => createMesh({
      config: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio', namespace: 'istio-system' }, data: { mesh: JSON.stringify(settings) } }, null, 1),
      endpoints: { 'reviews:9080': [] },
      ...options,
    });
    const calls = async (settings, options) => {
      const mesh = await make(settings, options);
      for (let i = 0; i < 3; i++) await (await mesh.fetch('http://reviews:9080/' + i)).text();
      await mesh.close();
    };
    ${script}
  `;
  return spawn(process.execPath, ['--input-type=module', '-e', program]);
}

async function run(script: string): Promise<{ out: string; err: string; code: number }> {
  const child = start(script);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  return { out, err, code };
}

describe('the access log that MeshConfig asks for', { timeout: 30_000 }, () => {
  it('goes to the output that it names, in the form that it names', async () => {
    const { out, err, code } = await run(`
      await calls({ accessLogFile: '/dev/stdout' });
      await calls({ accessLogFile: '/dev/stderr', accessLogEncoding: 'JSON' });
    `);

    expect(code).toBe(0);
    expect(out.trim().split('\n').map((line) => line.slice(line.indexOf(']') + 2, line.indexOf(' no_healthy')))).toEqual(
      [0, 1, 2].map((i) => `"GET /${i} HTTP/1.1" 503 UH`),
    );
    expect(err.trim().split('\n').map((line) => (JSON.parse(line) as { path: string }).path)).toEqual(['/0', '/1', '/2']);
  });

  it('goes nowhere else: not to other files, not twice, not when it is switched off', async () => {
    const result = await run(`
      await calls({ accessLogFile: '/tmp/ts-mesh-must-not-be-written' });
      await calls({ accessLogFile: '/dev/stdout' }, { accessLog: false });
      await calls({});
      await calls({ accessLogFile: '/dev/stdout' }, { accessLog: () => console.log('mine') });
    `);

    expect(result).toEqual({ out: 'mine\nmine\nmine\n', err: '', code: 0 });
    expect(existsSync('/tmp/ts-mesh-must-not-be-written')).toBe(false);
  });

  it('blocks no call when nobody reads it', async () => {
    // Far more than a pipe takes, and more than may wait.
    const child = start(`
      const mesh = await make({ accessLogFile: '/dev/stdout' });
      for (let i = 0; i < 1000; i++) await (await mesh.fetch('http://reviews:9080/' + 'x'.repeat(4000))).text();
      process.stderr.write('done');
    `);

    const [told] = (await once(child.stderr, 'data')) as [Buffer];

    expect(String(told)).toBe('done');
    child.kill('SIGKILL');
    await once(child, 'close');
  });
});
