import type { Dispatcher } from 'undici';
import type { LocalReply } from './local-reply.ts';
import { RequestWalk } from './request-walk.ts';

/**
 * Ends a call that is under way with an answer of its door's own.
 *
 * @param controller - what its handler was given
 * @param answered - whether an answer has begun: then all that is left is to break it
 */
export function refuseCall(controller: Dispatcher.DispatchController, reply: LocalReply, answered: boolean): void {
  const error = new Error(reply.details);
  if (answered || !(controller instanceof RequestWalk)) {
    controller.abort(error);
    return;
  }
  controller.router?.cancel(error);
  controller.answer(reply);
}
