import type { HeadersInput } from './request-headers.ts';
import type { RoutedRequest } from './routed-call.ts';
import type { Target } from './target.ts';

/** What a door hands to the engine. */
export interface MeshRequest extends RoutedRequest {
  /** The caller's own address, for balancing by source IP. */
  readonly sourceAddress?: string | undefined;
  readonly dialled: Target;
  /** As the caller gave them, for explanations: the head changes on its way. */
  readonly askedPath: string;
  readonly askedHeaders: HeadersInput;
}
