import { readResources } from '../config/read-resources.ts';
import { findingOf } from './finding.ts';
import { readInputs } from './inputs.ts';
import { report, type ReportOptions } from './report.ts';
import { count } from './style.ts';
import type { ExitCode, Terminal } from './terminal.ts';

export interface ValidateOptions extends ReportOptions {
  /** What ts-mesh itself objects to when the files are applied, instead of what `istioctl validate` does. */
  readonly apply?: boolean;
}

/** `ts-mesh validate FILES…`: istioctl's verdict on each resource by itself. */
export async function validate(names: readonly string[], options: ValidateOptions, terminal: Terminal): Promise<ExitCode> {
  const { inputs, findings } = await readInputs(names, terminal);
  // istioctl judges each file by itself, refuses unknown fields, and knows today's Istio only.
  const reads = options.apply === true ? [readResources(inputs)] : inputs.map((input) => readResources([input], { rules: 'istioctl', strict: true, legacySemantics: false }));
  const resources = reads.flatMap((read) => read.resources);
  const issues = reads.flatMap((read) => read.issues);
  const read = `${count(inputs.length, 'file')}, ${count(resources.length, 'valid resource')}`;
  return report([...findings, ...issues.map(findingOf)], read, options, terminal);
}
