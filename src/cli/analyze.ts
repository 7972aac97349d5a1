import { analyze as analyzeResources } from '../config/analysis/analyze.ts';
import { readResources } from '../config/read-resources.ts';
import { readInputs } from './inputs.ts';
import { report, type ReportOptions } from './report.ts';
import { count } from './style.ts';
import type { ExitCode, Terminal } from './terminal.ts';

export interface AnalyzeCommandOptions extends ReportOptions {
  /** Services, Pods and the like are elsewhere: only rules are compared with each other. */
  readonly rulesOnly?: boolean;
}

/** `ts-mesh analyze FILES…`: what is wrong with several resources together, in istioctl's codes and in our own. */
export async function analyze(names: readonly string[], options: AnalyzeCommandOptions, terminal: Terminal): Promise<ExitCode> {
  const { inputs, findings } = await readInputs(names, terminal);
  const { resources, issues } = readResources(inputs, { rules: 'analysis', legacySemantics: false });
  const read = `${count(inputs.length, 'file')}, ${count(resources.length, 'resource')}`;
  return report([...findings, ...analyzeResources(resources, { issues, complete: options.rulesOnly !== true })], read, options, terminal);
}
