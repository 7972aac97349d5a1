import { parseDurationMs } from '../../../common/duration.ts';
import type { AnalysisContext } from '../analysis-context.ts';

/** TSM0005: timeouts that end before the tries that a rule asks for can. */
export function shortTimeouts(context: AnalysisContext): void {
  for (const resource of context.of('VirtualService')) {
    resource.spec.http?.forEach(({ timeout = '', retries }, rule) => {
      const { attempts = 0, perTryTimeout = '' } = retries ?? {};
      const [timeoutMs, perTryMs] = [parseDurationMs(timeout) ?? 0, parseDurationMs(perTryTimeout) ?? 0];
      if (attempts <= 0 || timeoutMs <= 0 || perTryMs <= 0) return;
      const neededMs = perTryMs * (attempts + 1);
      if (timeoutMs >= neededMs) return;
      const message =
        perTryMs >= timeoutMs
          ? `perTryTimeout ${perTryTimeout} is not below timeout ${timeout}: a slow first try uses up all the time, and none of ${count(attempts)} follows`
          : `timeout ${timeout} ends before its tries do: the first and ${count(attempts)} of up to ${perTryTimeout} need ${neededMs / 1000}s, so ${Math.ceil(timeoutMs / perTryMs)} of ${attempts + 1} are made when they are slow`;
      const hint = `raise timeout to ${neededMs / 1000}s or more, or lower perTryTimeout or attempts`;
      context.log.add('TSM0005', resource, message, { path: `spec.http[${rule}].timeout`, hint });
    });
  }
}

function count(attempts: number): string {
  return attempts === 1 ? '1 retry' : `${attempts} retries`;
}
