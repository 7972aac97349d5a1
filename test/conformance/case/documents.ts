import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { SUITE } from '../suite-paths.ts';
import type { ConformanceCase } from './case-file.ts';

/** One YAML text of a case, with a name for error messages. */
export interface CaseText {
  readonly file: string;
  readonly text: string;
}

/** The texts a case is made of, in the order in which its resources were created. Empty ones are left out. */
export function caseTexts(conformanceCase: ConformanceCase, worldsFolder: string): CaseText[] {
  const { topic, slug, worlds, config } = conformanceCase;
  const texts = worlds.map((name) => ({ file: `worlds/${name}.yaml`, text: readFileSync(join(worldsFolder, `${name}.yaml`), 'utf8') }));
  return [...texts, { file: `${topic}/${slug}.yaml`, text: config.replaceAll('${CERTS}', SUITE.certs) }].filter(({ text }) => text.trim() !== '');
}

/** A resource as the runner needs it: to start servers, not to judge rules. */
export interface Document {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The whole document; shapes are Istio's and Kubernetes'. */
  readonly body: DocumentBody;
}

/** What the runner looks at, in any kind of document; each part is absent where the kind does not have it. */
export interface DocumentBody {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly spec?: {
    readonly hosts?: readonly string[];
    readonly addresses?: readonly string[];
    readonly resolution?: string;
    readonly ports?: readonly DocumentPort[] | Record<string, number>;
    readonly endpoints?: readonly DocumentEndpoint[];
    readonly workloadSelector?: { readonly labels?: Record<string, string> };
    readonly address?: string;
    readonly labels?: Record<string, string>;
    readonly clusterIP?: string;
    readonly containers?: readonly { readonly ports?: readonly { readonly containerPort: number }[] }[];
  };
  readonly status?: { readonly podIP?: string };
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly notReadyAddresses?: readonly { readonly ip: string }[];
    readonly ports?: readonly { readonly port: number }[];
  }[];
  readonly ports?: readonly { readonly port: number }[];
}

export interface DocumentPort {
  readonly name?: string;
  readonly number?: number;
  readonly port?: number;
  readonly targetPort?: number | string;
  readonly protocol?: string;
}

export interface DocumentEndpoint {
  readonly address?: string;
  readonly ports?: Record<string, number>;
  readonly labels?: Record<string, string>;
}

/** Every resource of `texts`. Documents that are not mappings are skipped: judging them is the mesh's task. */
export function readDocuments(texts: readonly CaseText[]): Document[] {
  return texts
    .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as DocumentBody | null))
    .filter((body): body is DocumentBody => typeof body === 'object' && body !== null)
    .map((body) => ({
      kind: body.kind ?? '',
      namespace: body.metadata?.namespace ?? 'default',
      name: body.metadata?.name ?? '',
      labels: body.metadata?.labels ?? {},
      body,
    }));
}
