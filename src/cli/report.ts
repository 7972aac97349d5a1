import type { Finding } from './finding.ts';
import { byPlace } from './finding.ts';
import { sarif } from './sarif.ts';
import { count, harmless, styleOf } from './style.ts';
import type { ExitCode, Terminal } from './terminal.ts';

/** How findings are printed. Default: for people. */
export interface ReportOptions {
  readonly json?: boolean;
  readonly sarif?: boolean;
}

/** Prints findings and says how the command ended: 1 with an error among them. `read`: what was looked at, for the last line. */
export function report(findings: readonly Finding[], read: string, options: ReportOptions, terminal: Terminal): ExitCode {
  const sorted = findings.toSorted(byPlace);
  if (options.sarif === true) terminal.out(JSON.stringify(sarif(sorted), null, 2));
  else if (options.json === true) terminal.out(JSON.stringify(sorted, null, 2));
  else print(sorted, read, terminal);
  return sorted.some(({ level }) => level === 'error') ? 1 : 0;
}

function print(findings: readonly Finding[], read: string, terminal: Terminal): void {
  const style = styleOf(terminal);
  for (const { file, line, column, level, code, resource, path, message, value, hint } of findings) {
    const place = style.bold(harmless(`${file}:${line}:${column}`));
    terminal.out(`${place} ${style[level](level)} ${style.dim(code)} ${harmless([resource, path].filter(Boolean).join(' '))}`.trimEnd());
    terminal.out(`  ${harmless(message)}${value === undefined ? '' : style.dim(harmless(` (got ${value})`))}`);
    if (hint !== undefined) terminal.out(style.dim(harmless(`  ${hint}`)));
  }
  const of = (wanted: Finding['level']): number => findings.filter(({ level }) => level === wanted).length;
  const [errors, warnings, infos] = [of('error'), of('warning'), of('info')];
  const parts = [
    style[errors > 0 ? 'error' : 'good'](count(errors, 'error')),
    ...(warnings > 0 ? [style.warning(count(warnings, 'warning'))] : []),
    ...(infos > 0 ? [style.info(count(infos, 'note'))] : []),
  ];
  terminal.out(`${findings.length > 0 ? '\n' : ''}${read}: ${parts.join(', ')}`);
}
