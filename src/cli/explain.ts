import { headersOf, withMesh, type ConfigOptions } from './config-options.ts';
import { harmless } from './style.ts';
import { UsageError, type ExitCode, type Terminal } from './terminal.ts';

export interface ExplainOptions extends ConfigOptions {
  readonly header?: readonly string[];
  readonly method?: string;
  readonly json?: boolean;
}

/** `ts-mesh explain URL`: why a request would go where it would go. */
export function explain(url: string, options: ExplainOptions, terminal: Terminal): Promise<ExitCode> {
  const headers = headersOf(options.header ?? []);
  return withMesh(options, terminal, (mesh) => {
    const explanation = mesh.explain(parsed(url), { method: options.method ?? 'GET', headers });
    terminal.out(options.json === true ? JSON.stringify(explanation, null, 2) : harmlessLines(explanation.toString()));
    return 0;
  });
}

/** @throws {UsageError} */
export function parsed(url: string): URL {
  const result = URL.parse(url);
  if (result === null || result.hostname === '' || !/^(?:https?|tcp|tls):$/.test(result.protocol)) {
    throw new UsageError(`not an http, https, tcp or tls URL: ${url} (such as http://reviews:9080/reviews/0 or tcp://db:5432)`);
  }
  return result;
}

function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n');
}
