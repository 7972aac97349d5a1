import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What istiod made of `sidecar/mesh.yaml`, with the addresses of another machine. */
const CONFIG = join(import.meta.dirname, 'sidecar', 'envoy-sidecar.json');
const THEIRS = { sidecar: { address: '127.0.8.1', port: 9080 }, admin: { address: '127.0.8.1', port: 15000 }, upstream: { address: '127.0.6.21', port: 9080 } };
const START_MS = 20_000;

/** Which Envoy there is on the path; `undefined`: none. */
export function envoyVersion(): string | undefined {
  const { status, stdout } = spawnSync('envoy', ['--version'], { encoding: 'utf8' });
  return status === 0 ? /version: \S+?\/([\d.]+)/.exec(stdout)?.[1] : undefined;
}

/** An Envoy as istiod would set it up beside an app, in front of one server. */
export class EnvoySidecar implements AsyncDisposable {
  /** Where it takes what the app sends. */
  readonly port: number;
  readonly #adminPort: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, port: number, adminPort: number) {
    this.#process = child;
    this.#folder = folder;
    this.port = port;
    this.#adminPort = adminPort;
  }

  /** @param upstreamPort - of the server, on this machine */
  static async start(upstreamPort: number): Promise<EnvoySidecar> {
    const [port, adminPort] = [await freePort(), await freePort()];
    const folder = mkdtempSync(join(tmpdir(), 'ts-mesh-envoy-'));
    const file = join(folder, 'envoy.json');
    writeFileSync(file, JSON.stringify(adapted(JSON.parse(readFileSync(CONFIG, 'utf8')), { sidecar: port, admin: adminPort, upstream: upstreamPort })));
    const child = spawn('envoy', ['-c', file, '--concurrency', '2', '--use-dynamic-base-id', '--log-level', 'error'], { stdio: 'ignore' });
    const sidecar = new EnvoySidecar(child, folder, port, adminPort);
    await sidecar.#ready();
    return sidecar;
  }

  /** Requests that it has sent on. */
  async sent(): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#adminPort}/stats?filter=upstream_rq_total$`)).text();
    const [, count] = /outbound\|9080\|v1\|reviews\.default\.svc\.cluster\.local;?\.upstream_rq_total: (\d+)/.exec(text) ?? [];
    return Number(count);
  }

  /** CPU time it has taken so far, in microseconds. */
  cpuUs(): number {
    const fields = readFileSync(`/proc/${this.#process.pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
    // In ticks of 10 ms: fields 14 and 15 of proc_pid_stat(5), of which the first two are gone.
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill();
      await once(this.#process, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(100)) {
      if (this.#process.exitCode !== null) throw new Error(`envoy ended with code ${this.#process.exitCode}`);
      const state = await fetch(`http://127.0.0.1:${this.#adminPort}/ready`).then((response) => response.text(), () => '');
      if (state.startsWith('LIVE')) return;
    }
    throw new Error(`envoy was not ready after ${START_MS} ms`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Other addresses, and one more name, since clients call it by its address; all else is istiod's. */
function adapted(value: unknown, ports: Readonly<Record<keyof typeof THEIRS, number>>): unknown {
  if (Array.isArray(value)) return value.map((one) => adapted(one, ports));
  if (typeof value !== 'object' || value === null) return value;
  const record = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, adapted(one, ports)])) as Record<string, unknown>;
  const known = (Object.keys(THEIRS) as (keyof typeof THEIRS)[]).find((name) => THEIRS[name].address === record['address'] && THEIRS[name].port === record['port_value']);
  if (known !== undefined) return { ...record, address: '127.0.0.1', port_value: ports[known] };
  if (Array.isArray(record['domains']) && record['domains'].includes('reviews')) return { ...record, domains: [...record['domains'], '127.0.0.1'] };
  return record;
}
