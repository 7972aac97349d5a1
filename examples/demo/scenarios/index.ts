import type { Scenario } from '../scenario.ts';
import { b6, b7 } from './bookinfo-egress.ts';
import { b8, b9 } from './bookinfo-egress-gateway.ts';
import { b4, b5 } from './bookinfo-faults.ts';
import { b15 } from './bookinfo-live-rules.ts';
import { b1, b2, b3 } from './bookinfo-routing.ts';
import { b10, b11 } from './bookinfo-tcp.ts';
import { b12, b13 } from './httpbin-breaker.ts';
import { b14 } from './httpbin-mirror.ts';
import { k8 } from './kim-breaker.ts';
import { k4, k5, k7 } from './kim-faults.ts';
import { k9 } from './kim-mirror.ts';
import { k1, k2, k3, k6 } from './kim-routing.ts';

/** Every scenario of the two walk-throughs that the demo runs, in their order. */
export const SCENARIOS: readonly Scenario[] = [k1, k2, k3, k4, k5, k6, k7, k8, k9, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15];
