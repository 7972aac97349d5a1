import type { Cursor } from './cursor.ts';
import { isLabelValue, labelKeyProblem } from './names.ts';
import { checkNotNegative, checkPort } from './primitives.ts';

interface WorkloadGroupSpec {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly template?: { readonly labels?: Readonly<Record<string, string>> };
  readonly probe?: ProbeSpec;
}

interface ProbeSpec {
  readonly initialDelaySeconds?: number;
  readonly timeoutSeconds?: number;
  readonly periodSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
  readonly httpGet?: { readonly port?: number; readonly scheme?: string; readonly httpHeaders?: readonly { readonly name?: string }[] };
  readonly tcpSocket?: { readonly port?: number };
  readonly exec?: { readonly command?: readonly string[] };
  readonly grpc?: { readonly port?: number };
}

const NUMBERS = ['periodSeconds', 'initialDelaySeconds', 'timeoutSeconds', 'successThreshold', 'failureThreshold'] as const;

/** Source: istio `ValidateWorkloadGroup`, which stops at a missing template, and at bad labels. */
export function checkWorkloadGroup(spec: WorkloadGroupSpec, at: Cursor): void {
  if (spec.template === undefined) {
    at.required('needs a template', 'write template: {} for workloads without anything in common');
    return;
  }
  const { labels = {} } = spec.metadata ?? {};
  const bad = Object.entries(labels).find(([key, value]) => labelKeyProblem(key) !== undefined || !isLabelValue(value));
  if (bad !== undefined) {
    at.to('metadata', 'labels', bad[0]).invalid('must be a label: a key such as app or example.com/app, and a value of at most 63 letters, digits, - _ .');
    return;
  }
  if (spec.probe !== undefined) checkProbe(spec.probe, at.to('probe'));
}

/** Source: istio `validateReadinessProbe`. */
function checkProbe(probe: ProbeSpec, at: Cursor): void {
  for (const field of NUMBERS) checkNotNegative(probe[field] ?? 0, at.to(field));
  const { httpGet, tcpSocket, exec, grpc } = probe;
  if (httpGet !== undefined) {
    checkPort(httpGet.port ?? 0, at.to('httpGet', 'port'));
    if (!['', 'HTTP', 'HTTPS'].includes(httpGet.scheme ?? '')) at.to('httpGet', 'scheme').invalid('must be HTTP or HTTPS');
    httpGet.httpHeaders?.forEach(({ name = '' }, index) => {
      if (!/^[-A-Za-z0-9]+$/.test(name)) at.to('httpGet', 'httpHeaders', index, 'name').invalid('must be a header name of letters, digits and -');
    });
  } else if (tcpSocket !== undefined) {
    checkPort(tcpSocket.port ?? 0, at.to('tcpSocket', 'port'));
  } else if (exec !== undefined) {
    if ((exec.command ?? []).length === 0) at.to('exec').required('needs a command');
  } else if (grpc !== undefined) {
    checkPort(grpc.port ?? 0, at.to('grpc', 'port'));
  } else {
    at.required('needs one of httpGet, tcpSocket, exec and grpc');
  }
}
