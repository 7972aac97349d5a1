import type { Engine } from '../engine/engine.ts';
import type { GatewayLimits } from './gateway-options.ts';
import type { ServerContexts } from './server-contexts.ts';

/** What the parts of a gateway share. */
export interface GatewayContext {
  readonly engine: Engine;
  readonly limits: Required<GatewayLimits>;
  readonly contexts: ServerContexts;
  readonly maxReplayBytes: number;
  /** Something that its owner should know of, and that is no caller's fault. */
  problem(message: string): void;
}
