import type { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { CallHandler } from './call-handler.ts';
import type { Outcome } from './outcome.ts';

type Handler = Required<Dispatcher.DispatchHandler>;

const CONTROLLER = { abort: () => undefined } as unknown as Dispatcher.DispatchController;

/** The outcome of a call that `act` answers. */
function outcome(act: (handler: Handler) => void, { http2 = false, timeoutMs = 5_000, lane = 'lean', cluster = 'known' } = {}): Promise<Omit<Outcome, 'planned'>> {
  const describe = (): object => ({ lane, flags: '-', details: 'via_upstream', cluster, route: undefined });
  return new CallHandler({ timeoutMs, http2 }, (name) => name === 'known').outcome((handler) => {
    (handler as Handler).onRequestStart(CONTROLLER, { describe });
    act(handler as Handler);
  });
}

function broken(handler: Handler): void {
  handler.onResponseStart(CONTROLLER, 200, { 'x-a': '1' });
  handler.onResponseError(CONTROLLER, Object.assign(new Error('cut'), { code: 'ERR_BODY_CUT' }));
}

describe('CallHandler', () => {
  it('takes an answer whole', async () => {
    const seen = await outcome((handler) => {
      handler.onResponseStart(CONTROLLER, 103, {});
      handler.onResponseStart(CONTROLLER, 200, { 'x-a': '1' });
      handler.onResponseData(CONTROLLER, Buffer.from('v1'));
      handler.onResponseEnd(CONTROLLER, { 'grpc-status': '0' });
    });

    expect(seen).toMatchObject({ status: 200, informational: [103], headers: { 'x-a': '1' }, trailers: { 'grpc-status': '0' }, body: 'v1', facts: { flags: '-', cluster: 'known' } });
    expect(seen).not.toHaveProperty('rst');
  });

  it('sees an answer that breaks off, which by HTTP/2 is a reset stream', async () => {
    expect(await outcome(broken)).not.toHaveProperty('rst');
    expect(await outcome(broken, { http2: true })).toMatchObject({ status: 200, error: 'ECONNRESET', rst: 'INTERNAL_ERROR' });
    const refused = await outcome((handler) => handler.onResponseError(CONTROLLER, new Error('no')), { http2: true });
    expect(refused).not.toHaveProperty('rst');
  });

  it('leaves when its patience ends', async () => {
    const seen = await outcome(
      (handler) => {
        CONTROLLER.abort = () => handler.onResponseError(CONTROLLER, new Error('aborted'));
        handler.onResponseStart(CONTROLLER, 200, {});
      },
      { timeoutMs: 1, http2: true },
    );

    expect(seen).toMatchObject({ status: 200, error: 'CLIENT_TIMEOUT' });
    expect(seen).not.toHaveProperty('rst');
  });

  it('knows no facts of what was no call', async () => {
    const end = (handler: Handler): void => handler.onResponseEnd(CONTROLLER, {});
    for (const lane of ['connection', 'passthrough']) {
      expect((await outcome(end, { lane })).facts).toEqual({ flags: null, details: null, cluster: null, route: null });
    }
    expect((await outcome(end, { cluster: 'unknown' })).facts).toMatchObject({ flags: '-', cluster: null });
  });
});
