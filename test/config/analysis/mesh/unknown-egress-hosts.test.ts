import { describe, expect, it } from 'vitest';
import { resource } from '../../reading.ts';
import { codesIn, service } from '../findings.ts';

const MESH = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n';

function sidecar(hosts: string, policy = ''): string {
  return resource('Sidecar', `${policy}\negress: [{hosts: [${hosts}]}]`);
}

function told(...documents: readonly string[]): string[] {
  return codesIn(documents, 'TSM0009').map((line) => line.split(' ').at(-1)!);
}

describe('TSM0009', () => {
  it('tells of egress hosts that nobody declares', () => {
    const closed = sidecar('./api.default.svc.cluster.local, "*/www.example.com"', 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}');
    expect(told(closed, ...service())).toEqual(['spec.egress[0].hosts[1]']);
    expect(told(closed)).toEqual(['spec.egress[0].hosts[0]', 'spec.egress[0].hosts[1]']);
    expect(told(MESH, sidecar('"*/www.example.com"'))).toEqual(['spec.egress[0].hosts[0]']);
  });

  it('knows ServiceEntries and VirtualServices', () => {
    const entry = resource('ServiceEntry', 'hosts: [www.example.com]\nresolution: DNS\nports: [{name: http, number: 80, protocol: HTTP}]');
    expect(told(MESH, sidecar('"*/www.example.com"'), entry)).toEqual([]);
    expect(told(MESH, sidecar('other/www.example.com'), entry)).toHaveLength(1);
    const rule = resource('VirtualService', 'hosts: [www.example.com]\nhttp: [{directResponse: {status: 200}}]');
    expect(told(MESH, sidecar('"*/www.example.com"'), rule)).toEqual([]);
  });

  it('is silent about wildcards, and where everything is reached', () => {
    expect(told(MESH, sidecar('"*/*", "./*", "~/*", "*/*.example.com"'))).toEqual([]);
    expect(told(sidecar('"*/www.example.com"'))).toEqual([]);
    expect(told(MESH, sidecar('"*/www.example.com"', 'outboundTrafficPolicy: {mode: ALLOW_ANY}'))).toEqual([]);
  });
});
