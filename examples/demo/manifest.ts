import { parseAllDocuments } from 'yaml';

interface Document {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly spec?: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly template?: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } };
  };
}

/** A Deployment, as far as the demo needs it. */
export interface Deployment {
  readonly name: string;
  readonly namespace: string;
  /** Of its pods. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A Service, as far as the demo needs it. */
export interface Service {
  /** `reviews.default` */
  readonly host: string;
  readonly selects: (deployment: Deployment) => boolean;
}

/** The Deployments and Services among the documents of `yaml`: what is to be started, and what is found under which name. */
export function readManifest(yaml: string): { deployments: Deployment[]; services: Service[] } {
  const documents = parseAllDocuments(yaml).map((document) => document.toJS() as Document | null);
  const deployments: Deployment[] = [];
  const services: Service[] = [];
  for (const document of documents) {
    const { name = '', namespace = 'default' } = document?.metadata ?? {};
    const selector = Object.entries(document?.spec?.selector ?? {});
    if (document?.kind === 'Deployment') {
      deployments.push({ name, namespace, labels: document.spec?.template?.metadata?.labels ?? {} });
    } else if (document?.kind === 'Service') {
      const selects = (deployment: Deployment): boolean =>
        deployment.namespace === namespace && selector.every(([key, value]) => deployment.labels[key] === value);
      services.push({ host: `${name}.${namespace}`, selects });
    }
  }
  return { deployments, services };
}
