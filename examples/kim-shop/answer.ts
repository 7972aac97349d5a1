import { randomBytes } from 'node:crypto';

/** The envelope of every answer of the shop: `{"requestId":"5c47fab6698e64d1","code":200,"message":null,"data":"…"}`. */
export interface Answer<Data = unknown> {
  /** 16 hexadecimal digits. */
  readonly requestId: string;
  readonly code: number;
  readonly message: string | null;
  readonly data: Data | null;
}

export function ok<Data>(data: Data): Answer<Data> {
  return { requestId: requestId(), code: 200, message: null, data };
}

export function failed(code: number, message: string): Answer<never> {
  return { requestId: requestId(), code, message, data: null };
}

function requestId(): string {
  return randomBytes(8).toString('hex');
}
