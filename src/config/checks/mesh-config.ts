import { parseDurationMs } from '../../common/duration.ts';
import { checkLineFormat } from '../../telemetry/access-log-format.ts';
import type { MeshConfigSpec } from '../istio-types.ts';
import type { Cursor } from './cursor.ts';
import { plainTextProblem } from './header-values.ts';
import { checkDuration } from './primitives.ts';
import { warnUnobeyed } from './unobeyed.ts';

const LONGEST_CONNECT_MS = 3_600_000;

/** Source: istio `ValidateMeshConfig`, as far as the fields are read. */
export function checkMeshConfig(config: MeshConfigSpec, at: Cursor): void {
  const { connectTimeout, defaultConfig } = config;
  warnUnobeyed(config, { zoneAwareLbSetting: 'localities count by localityLbSetting' }, at);
  if (connectTimeout !== undefined) {
    checkDuration(connectTimeout, at.to('connectTimeout'));
    if ((parseDurationMs(connectTimeout) ?? 0) > LONGEST_CONNECT_MS) {
      at.to('connectTimeout').invalid('must be at most 1h');
    }
  }
  const encoding = config.accessLogEncoding === 'JSON' ? 'JSON' : 'TEXT';
  const format = checkLineFormat({ encoding, format: config.accessLogFormat ?? '' });
  if (format !== undefined) at.onApply?.to('accessLogFormat').warn('WARN_NO_EFFECT', `${format}; lines look as Istio's own`);
  const server = plainTextProblem(defaultConfig?.proxyHeaders?.server?.value ?? '');
  if (server !== undefined) at.to('defaultConfig', 'proxyHeaders', 'server', 'value').invalid(server);
  const { sampling = 0 } = defaultConfig?.tracing ?? {};
  if (sampling < 0 || sampling > 100) {
    at.to('defaultConfig', 'tracing', 'sampling').invalid('must be 0 to 100 (percent)');
  }
}
