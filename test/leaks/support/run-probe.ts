import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** What a probe printed, by case. A probe that does not end by itself, or that fails, rejects. */
export function runProbe(name: string, timeoutMs = 90_000): Promise<Record<string, unknown>> {
  const script = join(import.meta.dirname, '..', 'probes', `${name}.ts`);
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--expose-gc', '--no-warnings', script], { timeout: timeoutMs }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as Record<string, unknown>);
      else reject(new Error(`probe ${name}: ${error.killed === true ? `did not end by itself; it had printed ${stdout}` : stderr}`));
    });
  });
}
