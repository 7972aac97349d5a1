// Run by `contained.ts`: node contained-child.ts MODULE SIZE SKIP
import type { Contained, Outcome } from './contained.ts';

const [module = '', size = '1', skip = '0'] = process.argv.slice(2);
const { contents } = (await import(`./${module}.ts`)) as { contents: (size: number) => Contained };

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

for (const [name, run] of Object.entries(contents(Number(size))).slice(Number(skip))) {
  say({ begins: name });
  const began = cpuMs();
  let verdict: string;
  try {
    verdict = await run();
  } catch (error) {
    verdict = `threw ${error instanceof Error ? error.stack : String(error)}`.slice(0, 1500);
  }
  const ends: Outcome = { name, verdict, cpuMs: Math.round(cpuMs() - began) };
  say({ ends });
}
say({ done: true });
