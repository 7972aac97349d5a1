import { randomBytes } from 'node:crypto';
import { Cluster } from '../demo/cluster.ts';
import type { Pod } from '../demo/pod.ts';
import type { Seeds } from '../demo/seeds.ts';
import type { Answer } from './answer.ts';
import { createAuth } from './auth.ts';
import { createGateway } from './gateway.ts';
import { createPayment } from './payment.ts';
import { createUc } from './uc.ts';

export interface KimShopOptions {
  /** The gateway's own read timeout. Default 9000: the walk-through does not say, but more than 7 s and less than 10 s. */
  readonly readTimeoutMs?: number;
  /** How long payment waits for uc before it falls back. Default 1000, that of the walk-through's Hystrix. */
  readonly ucTimeoutMs?: number;
  /** What an answer takes gateway and payment by themselves. Default: nothing. */
  readonly work?: () => Promise<unknown>;
}

/** What `curl http://localhost/payment/balance/query` shows. */
export interface Balance {
  readonly status: number;
  /** The text when it is no JSON. */
  readonly body: Answer<string> | string;
  /** `v1` or `v2`, of a greeting. */
  readonly version: string | undefined;
  readonly elapsedMs: number;
}

/** The walk-through's cluster, running. */
export class KimShop implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly gateway: Pod;
  readonly paymentV1: Pod;
  readonly paymentV2: Pod;
  readonly uc: Pod;
  #token = '';

  private constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.gateway = cluster.pod('kim-gateway-service');
    this.paymentV1 = cluster.pod('kim-payment-service-v1');
    this.paymentV2 = cluster.pod('kim-payment-service-v2');
    this.uc = cluster.pod('kim-uc-service');
  }

  /** Starts the services and signs in as cheng, through the gateway. */
  static async start(seeds: Seeds, { readTimeoutMs = 9000, ucTimeoutMs = 1000, work }: KimShopOptions = {}): Promise<KimShop> {
    const key = randomBytes(32);
    const payment = { key, ucTimeoutMs, work };
    const cluster = await Cluster.start([await seeds.read('kim-shop/kim-shop.yaml')], {
      'kim-gateway-service': ({ fetch }) => createGateway({ fetch, readTimeoutMs, work }),
      'kim-auth-service': ({ fetch }) => createAuth({ fetch, key }),
      'kim-payment-service-v1': ({ fetch }) => createPayment({ version: 'v1', fetch, ...payment }),
      'kim-payment-service-v2': ({ fetch }) => createPayment({ version: 'v2', fetch, ...payment }),
      'kim-uc-service': () => createUc(),
    });
    const shop = new KimShop(cluster);
    await shop.#signIn('cheng');
    return shop;
  }

  /** Asks the gateway over its socket, from outside the mesh, as the walk-through's curl does. */
  async queryBalance(endUser?: string): Promise<Balance> {
    const headers = { authorization: `Bearer ${this.#token}`, ...(endUser === undefined ? {} : { 'end-user': endUser }) };
    const startedAtMs = performance.now();
    const response = await fetch(`http://${this.gateway.address}/payment/balance/query`, { headers });
    const text = await response.text();
    const elapsedMs = performance.now() - startedAtMs;
    const body = text.startsWith('{') ? (JSON.parse(text) as Answer<string>) : text;
    const version = typeof body === 'string' ? undefined : /^Hello (v\d)/.exec(body.data ?? '')?.[1];
    return { status: response.status, body, version, elapsedMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  async #signIn(username: string): Promise<void> {
    const body = new URLSearchParams({ username });
    const response = await fetch(`http://${this.gateway.address}/auth/oauth/token`, { method: 'POST', body });
    const { access_token: token } = (await response.json()) as { access_token?: string };
    if (token === undefined) throw new Error(`no token for ${username}: status ${response.status}`);
    this.#token = token;
  }
}
